"""Which models there are: the planner that Scrubjay carries, those on this machine, those to be pulled."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import platformdirs

from ..file_lock import FileLock
from .errors import ModelError, ModelFileError
from .metadata import read_metadata

ADAPTERS = ("reasoning", "answers")
_WEIGHTS = Path(__file__).parent / "weights"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

BUNDLED = "planner"
"""The name of the bundled planner."""

CONTEXT_TOKENS = 8192
"""The KV cells that memory is reckoned with: what an engine takes by default."""

WRITING_S = 30.0
"""So long a change of the list waits for other processes' changes, each of which takes milliseconds."""

# Bytes a weight, with the scales of its block and the few tensors that are kept finer.
BYTES_PER_WEIGHT = {"Q4_0": 0.58, "Q4_K_M": 0.61, "Q8_0": 1.07}


class CatalogError(ModelError):
    """A name that nobody knows, or that is taken."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model worth pulling: the repository with its GGUF files, and its shape as its makers publish it.

    parameters: in millions. kv_numbers: how many numbers a token takes in the KV cache (layers, times 2,
    times heads, times their size). quantization: the kind of file that is taken.
    """

    hub: str
    parameters: int
    kv_numbers: int
    quantization: str = "Q4_K_M"

    @property
    def file_bytes(self) -> int:
        """About how large the file is, from the number of its parameters."""
        return int(self.parameters * 1e6 * BYTES_PER_WEIGHT[self.quantization])

    @property
    def memory_bytes(self) -> int:
        """About how much memory it takes when loaded, with its KV cache in F16."""
        return self.file_bytes + CONTEXT_TOKENS * self.kv_numbers * 2 + 200 * 2**20


LISTED: Mapping[str, Listed] = {
    "qwen2.5-0.5b": Listed("Qwen/Qwen2.5-0.5B-Instruct-GGUF", 494, 24 * 2 * 2 * 64),
    "qwen2.5-1.5b": Listed("Qwen/Qwen2.5-1.5B-Instruct-GGUF", 1544, 28 * 2 * 2 * 128),
    "qwen2.5-3b": Listed("Qwen/Qwen2.5-3B-Instruct-GGUF", 3086, 36 * 2 * 2 * 128),
    "qwen3-0.6b": Listed("Qwen/Qwen3-0.6B-GGUF", 596, 28 * 2 * 8 * 128, "Q8_0"),
    "qwen3-4b": Listed("Qwen/Qwen3-4B-GGUF", 4022, 36 * 2 * 8 * 128),
    "qwen3-8b": Listed("Qwen/Qwen3-8B-GGUF", 8191, 36 * 2 * 8 * 128),
    "llama-3.2-1b": Listed("bartowski/Llama-3.2-1B-Instruct-GGUF", 1236, 16 * 2 * 8 * 64),
    "llama-3.2-3b": Listed("bartowski/Llama-3.2-3B-Instruct-GGUF", 3213, 28 * 2 * 8 * 128),
    "phi-3.5-mini": Listed("bartowski/Phi-3.5-mini-instruct-GGUF", 3821, 32 * 2 * 32 * 96),
    "gemma-2-2b": Listed("bartowski/gemma-2-2b-it-GGUF", 2614, 26 * 2 * 4 * 256),
    "lfm2-1.2b": Listed("LiquidAI/LFM2-1.2B-GGUF", 1170, 6 * 2 * 8 * 64),
    "tinyagent-1.1b": Listed("squeeze-ai-lab/TinyAgent-1.1B-GGUF", 1100, 22 * 2 * 4 * 64),
}
"""Instruct models of 0.5 to 8 B for which GGUF files are published by their makers or by known packagers."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A model or an adapter on this machine. source: where it was pulled from; empty when it was added."""

    name: str
    path: Path
    source: str = ""
    kind: str = "model"

    @property
    def ours(self) -> bool:
        """Whether the file lies in the folder of pulled models, and goes when the model is removed."""
        return bool(self.source)


def bundled_planner() -> Path:
    """The GGUF file of the bundled planner. Raises `ModelFileError` when this installation has none."""
    path = _WEIGHTS / "planner.gguf"
    if not path.is_file():
        raise ModelFileError(
            path,
            "this installation has no bundled planner",
            "the one that a release carries or `make train` makes; any other GGUF file can be named instead",
        )
    return path


def bundled_adapters() -> tuple[Path, ...]:
    """The LoRA adapters that come with the bundled planner."""
    return tuple(path for name in ADAPTERS if (path := _WEIGHTS / f"{name}.gguf").is_file())


def check_name(name: str) -> None:
    """Raise `CatalogError` for what cannot be the name of a model or an adapter."""
    if not _NAME.fullmatch(name):
        raise CatalogError(
            f"{name!r} cannot be a name; give one of letters, digits, '.', '_' and '-' with --name"
        )


def default_folder() -> Path:
    """Where pulled models are kept on this platform."""
    return Path(platformdirs.user_data_path("scrubjay", appauthor=False)) / "models"


class Catalog:
    """The models in a folder, and those elsewhere that were added to it."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is made when something is put into it; by default `default_folder`."""
        self.folder = folder or default_folder()
        self._index = self.folder / "models.json"

    def installed(self) -> dict[str, Installed]:
        """What was pulled or added, by name. Raises `CatalogError` when the list is damaged."""
        try:
            entries = json.loads(self._index.read_text("utf-8"))
            return {
                name: Installed(name, Path(entry["path"]), entry["source"], entry["kind"])
                for name, entry in entries.items()
            }
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"{self._index} is damaged ({error}); delete it and add the models again"
            raise CatalogError(problem) from error

    def find(self, name: str) -> Path:
        """The file of a model: a path, a name of this catalog, or `planner`.

        Raises `CatalogError` for what is none of them.
        """
        if name == BUNDLED:
            return bundled_planner()
        installed = self.installed()
        if name in installed:
            return installed[name].path
        path = Path(name).expanduser()
        if path.is_file() or path.suffix == ".gguf":
            return path
        if name in LISTED:
            raise CatalogError(f"{name} is not on this machine yet: scrubjay models pull {name}")
        known = ", ".join([BUNDLED, *installed, *LISTED])
        raise CatalogError(f"there is no file and no model {name!r}; known are {known}")

    def add(self, path: Path, name: str = "") -> Installed:
        """Take note of a GGUF file, under its file's name unless told otherwise.

        Raises `ModelFileError` for what is no GGUF file, `CatalogError` for a name that is taken or no name.
        """
        entry = Installed(_checked(name or path.stem.lower()), path.resolve(), kind=_kind(path))
        with self._changing() as installed:
            known = installed.get(entry.name, entry)
            if known.path != entry.path:
                raise CatalogError(_taken(known))
            installed[entry.name] = replace(entry, source=known.source)
        return installed[entry.name]

    def place(self, name: str, source: str) -> Path:
        """Where the file of a model that is pulled from `source` will lie: one that no other model has.

        Raises `CatalogError` for no name, for one that another model has, and for a file that is in the way.
        """
        return self._place(self.installed(), name, source)

    def keep(self, file: Path, name: str, source: str) -> Installed:
        """Move a GGUF file that was pulled from `source` to its `place`, and list it; `file` stays otherwise.

        Raises `ModelFileError` for what is no GGUF file, `OSError`, and `CatalogError` as `place`.
        """
        kind, moved = _kind(file), None
        try:
            with self._changing() as installed:
                target = self._place(installed, name, source)
                new = not target.exists()
                file.replace(target)
                moved = target if new else None
                installed[name] = Installed(name, target.resolve(), source, kind)
        except BaseException:
            if moved:
                moved.replace(file)
            raise
        return installed[name]

    def remove(self, name: str) -> Installed:
        """Forget a model; the file of one that was pulled is deleted, unless another entry has it as well.

        Returns what it was, not `ours` when its file stays. Raises `CatalogError`, and `OSError`.
        """
        with self._changing() as installed:
            if name not in installed:
                raise CatalogError(f"no model {name!r} was pulled or added: scrubjay models list")
            entry = installed.pop(name)
            if any(other.path == entry.path for other in installed.values()):
                entry = replace(entry, source="")
            self._write(installed)  # before: the list never names a file that was deleted
            if entry.ours:
                entry.path.unlink(missing_ok=True)
        return entry

    def _place(self, installed: Mapping[str, Installed], name: str, source: str) -> Path:
        known = installed.get(_checked(name))
        if known and known.source != source:
            raise CatalogError(_taken(known))
        others = {entry.path for entry in installed.values() if entry != known}
        if known and known.path.is_file() and known.path not in others:
            return known.path
        path = self.folder / f"{name}.gguf"
        if path.exists():
            problem = f"{path} is in the way: add it, move it away, or give another name with --name"
            raise CatalogError(problem)
        return path

    @contextmanager
    def alone(self, work: str, taken: str, wait_s: float = 0.0) -> Iterator[None]:
        """Be the only process that does `work`, a file's name.

        Raises `CatalogError` that says `taken` when another one still does after `wait_s`, and `OSError`.
        """
        path = self.folder / "locks" / work  # never deleted: some process may be about to lock it
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, wait_s)
        try:
            lock.acquire()
        except sqlite3.Error as error:
            busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            raise CatalogError(taken if busy else f"{path} cannot be locked ({error})") from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Installed]]:
        """What is installed, to be changed: written at the end, unless something was raised.

        Raises `CatalogError`, also when another process does not stop changing it.
        """
        with self.alone("catalog", f"another program is changing {self._index}; try again", WRITING_S):
            installed = self.installed()
            yield installed
            self._write(installed)

    def _write(self, installed: Mapping[str, Installed]) -> None:
        entries = {
            name: {key: str(value) for key, value in asdict(entry).items() if key != "name"}
            for name, entry in installed.items()
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self._index.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(entries, indent=1), "utf-8")
        temporary.replace(self._index)


def _kind(path: Path) -> str:
    return "adapter" if read_metadata(path).get("general.type") == "adapter" else "model"


def _checked(name: str) -> str:
    """A name that a model may have. Raises `CatalogError` for others."""
    check_name(name)
    if name == BUNDLED:
        raise CatalogError(f"{name!r} is the bundled model; give another name with --name")
    return name


def _taken(known: Installed) -> str:
    origin = known.source or known.path
    return f"there is a model {known.name!r} already, from {origin}; give another name with --name"
