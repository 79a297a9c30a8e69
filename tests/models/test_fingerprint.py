"""Files that change are told from what they were, however alike they look from outside."""

import os
from collections.abc import Callable
from pathlib import Path

import llama_cpp
import pytest

from scrubjay.models.fingerprint import SMALL, fingerprint
from scrubjay.models.machine import llama_build

TIME_NS = 10**9


def replaced(path: Path, content: bytes) -> None:
    """As installers do that set all times to the same one."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    os.utime(new, ns=(TIME_NS, TIME_NS))
    new.replace(path)


def overwritten(path: Path, content: bytes) -> None:
    """As `rsync --inplace --times` does."""
    path.write_bytes(content)
    os.utime(path, ns=(TIME_NS, TIME_NS))


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("change", [replaced, overwritten])
@pytest.mark.parametrize("small", [0, SMALL])
def test_other_bytes_of_the_same_size_and_time_are_another_file(
    tmp_path: Path, change: Callable[[Path, bytes], None], small: int
) -> None:
    change(path := tmp_path / "model.gguf", b"one way")
    before = fingerprint(path, small)
    assert fingerprint(path, small) == before
    change(path, b"another")
    assert fingerprint(path, small) != before
    change(path, b"one way")
    assert fingerprint(path, small) == before


def test_a_large_file_is_read_once(tmp_path: Path) -> None:
    (path := tmp_path / "model.gguf").touch()
    os.truncate(path, SMALL)
    found = fingerprint(path)
    (finding,) = tmp_path.glob("cache/**/fingerprints/*")
    finding.write_text(finding.read_text().replace(found, "remembered"))
    assert fingerprint(path) == "remembered"


def test_a_small_file_is_not_looked_up(tmp_path: Path) -> None:
    (path := tmp_path / "model.gguf").write_bytes(b"one")
    fingerprint(path)
    assert not list(tmp_path.glob("cache/**/fingerprints/*"))


def test_a_build_of_llama_cpp_is_told_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_cpp, "__file__", str(tmp_path / "one" / "__init__.py"))
    (library := tmp_path / "one" / "lib" / "libllama.so").parent.mkdir(parents=True)
    replaced(library, b"one way")
    before = llama_build.__wrapped__()
    replaced(library, b"another")
    assert llama_build.__wrapped__() != before
    monkeypatch.setattr(llama_cpp, "__file__", str(tmp_path / "two" / "__init__.py"))
    (again := tmp_path / "two" / "lib" / "libllama.so").parent.mkdir(parents=True)
    again.write_bytes(b"one way")  # installed anew, at another time
    assert llama_build.__wrapped__() == before
