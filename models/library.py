"""llama.cpp itself: its log, and a model loaded in the fastest way that is safe on this machine.

llama.cpp is silent unless the environment has `SCRUBJAY_LLAMA_LOG=1`.
"""

import ctypes
import os
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp

from .declared import check_declared
from .dialects import DIALECT
from .errors import ModelFileError
from .foreign import dialect_of
from .large_pages import large_pages
from .metadata import EXPECTED, Metadata, read_metadata
from .probe import repacking_is_safe

_ERROR = 4  # GGML_LOG_LEVEL_ERROR
_last_errors: deque[str] = deque(maxlen=4)


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _log(level: int, text: bytes, _: Any) -> None:
    if level == _ERROR:
        _last_errors.append(text.decode(errors="replace").strip())
    if os.environ.get("SCRUBJAY_LLAMA_LOG") == "1":
        sys.stderr.write(text.decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model: llama.cpp's pointers to it and to its vocabulary, and what its file says."""

    path: Path
    pointer: Any
    vocabulary: Any
    metadata: Metadata
    """`scrubjay.dialect` is the one that is spoken with it, whether the file names one or not."""
    repacked: bool = False
    """Whether its weights may be rearranged for this processor, which changes how sums are rounded."""

    @property
    def dialect(self) -> str:
        """How it is spoken to, see `foreign.py`."""
        return str(self.metadata["scrubjay.dialect"])

    @property
    def parallel_segments(self) -> bool:
        """Whether the model was trained on tool segments that don't see each other."""
        return self.dialect == DIALECT and self.metadata.get("scrubjay.parallel_segments") is True

    @property
    def positions(self) -> int:
        """How many positions the model was trained on."""
        return int(llama_cpp.llama_model_n_ctx_train(self.pointer))


def load_model(path: Path, dialect: str | None = None) -> Model:
    """Load a GGUF file. Raises `ModelFileError` or, where llama.cpp cannot run, `NativeError`.

    dialect: how to speak with it, if not as its file suggests. The first load on a machine also runs a probe,
    see `probe.py`.
    """
    silence()
    metadata = read_metadata(path)
    check_declared(path, metadata)
    metadata["scrubjay.dialect"] = dialect_of(path, metadata, dialect)
    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_default_params()
    params.use_extra_bufts = repacking_is_safe(path, metadata)
    _last_errors.clear()
    with large_pages():
        pointer = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
    if pointer is None:
        reason = "; ".join(_last_errors) or "no reason given"
        raise ModelFileError(path, f"llama.cpp cannot load it ({reason})", EXPECTED)
    if llama_cpp.llama_model_has_encoder(pointer) or not llama_cpp.llama_model_has_decoder(pointer):
        llama_cpp.llama_model_free(pointer)
        raise ModelFileError(path, "this model does not write text", "a decoder-only language model")
    return Model(path, pointer, llama_cpp.llama_model_get_vocab(pointer), metadata, params.use_extra_bufts)


def silence() -> None:
    """Take llama.cpp's log away from the terminal; llama_cpp, when imported, sends it there."""
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")  # else a failed assertion starts a debugger
    llama_cpp.llama_log_set(_log, ctypes.c_void_p(None))


def forget_errors() -> None:
    """Empty what `last_errors` tells, before a call of which only its own errors are wanted."""
    _last_errors.clear()


def last_errors() -> str:
    """What llama.cpp logged as errors lately, for a message."""
    return "; ".join(_last_errors)
