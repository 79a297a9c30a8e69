"""Can this build of llama.cpp use repacked weights on this machine, or does it crash?

Repacked weights are faster, but a crash in native code takes the whole process with it. So a program of
its own tries them once for each machine, build and kind of weights, and what came out is remembered.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import llama_cpp
import platformdirs

from .errors import NativeError
from .machine import llama_build, processor
from .metadata import Metadata

PROGRAM = Path(__file__).with_name("probe_program.py")
TIMEOUT_S = 300.0


def repacking_is_safe(model: Path, metadata: Metadata, program: Path = PROGRAM) -> bool:
    """Whether weights may be repacked, from what was found before or by trying it now.

    `metadata` is the model's; `program` is run as `python PROGRAM MODEL repacked|plain`. Raises
    `NativeError` when llama.cpp crashes with this model either way.
    """
    machine = _machine(metadata)
    finding = _findings_folder() / f"{hashlib.sha256(json.dumps(machine).encode()).hexdigest()[:16]}.json"
    try:
        return bool(json.loads(finding.read_text())["repacking"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    repacking = not _crashes(program, model, "repacked")
    if not repacking and _crashes(program, model, "plain"):
        raise NativeError(
            f"llama.cpp (llama-cpp-python {llama_cpp.__version__}) crashes on this machine when it reads with"
            f" {model}. Build it for this processor: `pip install --force-reinstall --no-cache-dir"
            " --no-binary :all: llama-cpp-python`."
        )
    _remember(finding, {**machine, "repacking": repacking})
    return repacking


def _crashes(program: Path, model: Path, weights: str) -> bool:
    """True when the program dies of a signal or hangs; a model that it refuses is refused here as well."""
    command = [sys.executable, str(program), str(model), weights]
    try:
        # In a session of its own: Ctrl-C in the terminal would kill it, and be remembered as a crash.
        code = subprocess.run(
            command, capture_output=True, timeout=TIMEOUT_S, start_new_session=True
        ).returncode
    except subprocess.TimeoutExpired:
        return True
    # Windows reports a crash as an NTSTATUS error, 0xC0000005 for an access violation.
    return code < 0 or code >= 0xC000_0000


def _machine(metadata: Metadata) -> dict[str, str]:
    """All that the finding depends on: the processor, the build and the type of weights."""
    architecture = metadata.get("general.architecture")
    shape = (f"{architecture}.embedding_length", f"{architecture}.feed_forward_length")
    return {
        "processor": processor(),
        "llama-cpp-python": llama_cpp.__version__,
        "build": llama_build(),
        "weights": " ".join(str(metadata.get(key)) for key in ("general.file_type", *shape)),
    }


def _findings_folder() -> Path:
    return platformdirs.user_cache_path("scrubjay") / "probe"


def _remember(finding: Path, content: dict[str, str | bool]) -> None:
    """Keep the finding; where nothing can be written, the next start tries again."""
    try:
        finding.parent.mkdir(parents=True, exist_ok=True)
        temporary = finding.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(content, indent=1))
        temporary.replace(finding)
    except OSError:
        return
