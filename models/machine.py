"""What computed numbers depend on besides the model: the processor and the build of llama.cpp."""

import hashlib
import platform
from functools import cache
from pathlib import Path

import llama_cpp


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
    """A digest of llama.cpp's libraries: their names, sizes and times."""
    library = Path(llama_cpp.__file__).parent / "lib"
    files = [
        f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in sorted(library.iterdir())
    ]
    return hashlib.sha256("\n".join(files).encode()).hexdigest()[:16]
