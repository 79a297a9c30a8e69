"""Brings a model from a hub onto this machine, whole or not at all.

The file grows in a folder of its own, where a broken transfer is taken up again next time. It is moved to the
other models only when its size, its checksum and its beginning are right.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import httpx2
import huggingface_hub.constants
from huggingface_hub import HfApi, HfFileMetadata, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils._headers import build_hf_headers

from .catalog import LISTED, Catalog, Installed
from .errors import ModelError, ModelFileError
from .metadata import read_metadata

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PREFERRED = ("q4_k_m", "q4_0", "q5_k_m", "q8_0", "f16")


class PullError(ModelError):
    """A model could not be brought here. The message says why, and what to do."""


def pull(wanted: str, catalog: Catalog, endpoint: str | None = None, name: str = "") -> Installed:
    """Bring a model or an adapter here: a listed name, `owner/repository` or `owner/repository/file.gguf`.

    endpoint: another hub than Hugging Face's. name: what to call it; empty: as it is listed, or as its file.
    Progress goes to stderr. Raises `PullError`, and what `Catalog.alone` and `Catalog.keep` raise.
    """
    repository, pattern, listed = _place(wanted)
    staging = catalog.folder / "unfinished" / repository.replace("/", "--")
    with _told(wanted, repository, staging):
        file = _choose(repository, pattern, endpoint)
        url = hf_hub_url(repository, file, endpoint=endpoint)
        expected = get_hf_file_metadata(url, endpoint=endpoint)
        if not (expected.etag and expected.commit_hash):
            raise ValueError("it names no version of the file")
    name, source = name or listed or PurePosixPath(file).stem.lower(), f"{repository}/{file}"
    catalog.place(name, source)  # what is in its way is told before gigabytes come
    busy = f"{repository} is already being pulled by another program; wait for it, or end it and pull again"
    with catalog.alone(staging.name, busy):
        with _told(wanted, repository, staging):
            path = _transfer(url, expected, staging)
        _check(path, expected.etag, wanted, staging)
        entry = catalog.keep(path, name, source)
        shutil.rmtree(staging, ignore_errors=True)
        return entry


@contextmanager
def _told(wanted: str, repository: str, staging: Path) -> Iterator[None]:
    """What a hub, the network or the disk raises inside becomes a `PullError`."""
    try:
        yield
    except GatedRepoError as error:
        problem = "asks for a login: accept its licence on the hub, then `hf auth login`"
        raise PullError(f"{repository} {problem}") from error
    except (RepositoryNotFoundError, EntryNotFoundError, HFValidationError) as error:
        problem = f"the hub has no {wanted}; look at the name, or see `scrubjay models list`"
        raise PullError(problem) from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "nothing"
        problem = f"the hub answered {status} for {wanted}; try again later. {_kept(staging)}"
        raise PullError(problem) from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise PullError(
            f"the address of the hub is none ({error}); it begins with http:// or https://"
        ) from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        problem = f"what answered for {wanted} is no hub, or a network that asks for a login first ({reason})"
        raise PullError(f"{problem}. {_kept(staging)}") from error
    except (OSError, httpx2.HTTPError, httpx2.StreamError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise PullError(f"{wanted} did not come whole ({reason}); pull it again. {_kept(staging)}") from error


def _place(wanted: str) -> tuple[str, str, str]:
    """Repository, file (or a pattern for it) and the name it will have here; "" for the file's own."""
    if wanted in LISTED:
        return LISTED[wanted].hub, f"*{LISTED[wanted].quantization}*.gguf", wanted
    parts = wanted.removeprefix("hf.co/").removeprefix("https://huggingface.co/").split("/")
    if len(parts) < 2 or not all(parts):
        raise PullError(f"{wanted!r} is no listed model and no name on a hub (owner/repository[/file.gguf])")
    return "/".join(parts[:2]), "/".join(parts[2:]) or "*.gguf", ""


def _choose(repository: str, pattern: str, endpoint: str | None) -> str:
    """The file to take, where a pattern fits several: the smallest kind that loses little."""
    if "*" not in pattern:
        if not _is_gguf(pattern):
            raise PullError(
                f"{pattern} is no GGUF file; name one whose name ends with .gguf, or only {repository}"
            )
        return pattern
    files = filter(_is_gguf, HfApi(endpoint=endpoint).list_repo_files(repository))
    fitting = sorted(f for f in files if fnmatch(f.lower(), pattern.lower()) and "-of-" not in f)
    if not fitting:
        raise PullError(f"{repository} has no GGUF file in one piece; name a file of another repository")
    for kind in _PREFERRED:
        for file in fitting:
            if kind in file.lower():
                return file
    return fitting[0]


def _is_gguf(file: str) -> bool:
    return file.lower().endswith(".gguf")


def _transfer(url: str, expected: HfFileMetadata, staging: Path) -> Path:
    """Get a file, or the rest of it: `hf_hub_download` would begin anew in each process.

    The part is named after the version of the file: what is there of another one is not gone on with.
    """
    version = hashlib.sha256(f"{expected.commit_hash} {expected.etag}".encode()).hexdigest()[:16]
    path = staging / f"{version}.part"
    staging.mkdir(parents=True, exist_ok=True)
    for other in staging.glob("*.part"):
        if other != path:
            other.unlink()
    with path.open("ab") as file:
        _check_size(expected.size, file.tell(), staging)
        if expected.size is None or file.tell() < expected.size:
            # A login is for the hub alone, not for wherever it keeps its files.
            same = urlsplit(expected.location).netloc == urlsplit(url).netloc
            http_get(
                expected.location,
                file,
                resume_size=file.tell(),
                headers=build_hf_headers(token=None if same else False),
                expected_size=expected.size,
                displayed_filename=PurePosixPath(url).name,
            )
    return path


def _check_size(size: int | None, here: int, staging: Path) -> None:
    """Raise `PullError` for a file that finds no room, or that is too large for a plain transfer.

    here: bytes of it that have come.
    """
    if size is None:
        return
    free = shutil.disk_usage(staging).free
    if size - here > free:
        needed = f"{(size - here) / 1e9:.1f} GB are to come, and {staging} has room for {free / 1e9:.1f} GB"
        raise PullError(f"{needed}; make room, or take another folder (--folder)")
    most = huggingface_hub.constants.MAX_HTTP_DOWNLOAD_SIZE
    if size > most:
        problem = f"a file of {size / 1e9:.1f} GB cannot be pulled, only up to {most / 1e9:.0f} GB"
        raise PullError(f"{problem}; get it otherwise, and then `scrubjay models add`")


def _check(path: Path, etag: str | None, wanted: str, staging: Path) -> None:
    """Compare with the checksum that the hub gives large files as their tag, and look into the file."""
    try:
        if etag and _SHA256.fullmatch(etag):
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != etag:
                raise PullError(f"{wanted} came with a wrong checksum and was deleted; pull it again")
        read_metadata(path)
    except ModelFileError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise PullError(f"{wanted} is no model: {error.problem}. It was deleted.") from error
    except PullError:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _kept(staging: Path) -> str:
    """What is left of a broken transfer, in words."""
    size = sum(file.stat().st_size for file in staging.glob("*.part"))
    return f"{size / 1e6:.1f} MB are here already." if size else "Nothing was kept."
