"""What computed numbers depend on besides the model: the processor and the build of llama.cpp."""

import hashlib
import platform
from functools import cache
from pathlib import Path

import llama_cpp

from .fingerprint import fingerprint


@cache
def processor() -> str:
    """The processor's name and, where Linux tells them, its instruction sets."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    told = {line.split(":")[0].strip(): line for line in reversed(lines)}
    return " ".join(told.get(key, "") for key in ("model name", "flags", "Features"))


@cache
def llama_build() -> str:
    """A digest of llama.cpp's libraries: their names and their fingerprints."""
    library = Path(llama_cpp.__file__).parent / "lib"
    files = sorted(file for file in library.iterdir() if file.is_file())
    known = "\n".join(f"{file.name} {fingerprint(file, small=0)}" for file in files)
    return hashlib.sha256(known.encode()).hexdigest()[:16]
