"""Real vocabularies and chat templates for tests and benchmarks: those in llama.cpp's sources.

llama-cpp-python's source distribution carries them. It is fetched once through pip into the user's cache
folder, and only the vocabularies and the templates are kept.

    python tests/vocabularies.py     fetch them now
"""

import fcntl
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

# Found before tests turn the cache folder away from the user's own.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scrubjay-tests"
_VERSION = "0.3.36"
_WITHIN = "vendor/llama.cpp/models"
_NAMES = ("ggml-vocab-qwen2.gguf", "ggml-vocab-llama-bpe.gguf", "ggml-vocab-phi-3.gguf")


def vocabulary(name: str) -> Path:
    """The vocabulary-only GGUF file `ggml-vocab-{name}.gguf`: qwen2, llama-bpe or phi-3."""
    return _folder() / f"ggml-vocab-{name}.gguf"


def templates() -> dict[str, str]:
    """Every chat template by its file's name without `.jinja`."""
    files = sorted((_folder() / "templates").glob("*.jinja"))
    return {file.stem: file.read_text("utf-8") for file in files}


def _folder() -> Path:
    folder = _CACHE / f"llama-cpp-python-{_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        wanted = f"llama-cpp-python=={_VERSION}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, "--no-binary", ":all:", "--dest", temporary, wanted], check=True)
        (archive,) = Path(temporary).glob("*.tar.gz")
        with tarfile.open(archive) as files:
            for member in files:
                path = PurePosixPath(member.name)
                if _WITHIN in str(path.parent) and (path.name in _NAMES or path.suffix == ".jinja"):
                    content = files.extractfile(member)
                    assert content is not None
                    target = folder / ("templates" if path.suffix == ".jinja" else "") / path.name
                    target.parent.mkdir(exist_ok=True)
                    target.write_bytes(content.read())
    (folder / "complete").touch()


if __name__ == "__main__":
    print(_folder())
