"""How fast llama.cpp multiplies weights of one type, where they don't have to come from memory.

A decoded token multiplies every weight once, and first turns it into a number: that bounds tokens a second as
the memory does. Told by running llama.cpp's own product of a matrix that stays in cache, in the layout that
it gives the weights of a model.
"""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import llama_cpp

from .library import Model

WIDTH, ROWS = 1024, 1024
"""Of the matrix, rows for each thread: some hundred kilobytes."""
PRODUCTS, ROUNDS = 24, 30
"""So many products are one piece of work, and so many pieces are timed."""

# ggml_type, https://github.com/ggml-org/ggml/blob/master/include/ggml.h
_TYPES = {
    "F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10, "Q3_K": 11,
    "Q4_K": 12, "Q5_K": 13, "Q6_K": 14, "IQ4_NL": 20, "BF16": 30,
}  # fmt: skip
_CPU = 0  # GGML_BACKEND_DEVICE_TYPE_CPU


class _InitParams(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool))


def weight_type(model: Model) -> str | None:
    """The type of most of a model's weights, such as "Q4_0"; None for one that is not known here."""
    text = ctypes.create_string_buffer(256)
    llama_cpp.llama_model_desc(model.pointer, text, len(text))
    found = re.findall(r"\b(I?B?[QF]\d+(?:_[01K]|_NL)?)\b", text.value.decode().replace(" - ", " "))
    return next((name for name in found if name in _TYPES), None)


def products_rate(kind: str, threads: int, repacked: bool) -> float | None:
    """Bytes of weights of a type that all threads together multiply a second; None where nobody knows.

    repacked: in the layout for this processor, where there is one for the type.
    """
    try:
        with _backend(threads) as (ggml, backend, layout):
            return _measured(ggml, backend, layout if repacked else None, _TYPES[kind], threads)
    except (ImportError, AttributeError, OSError):  # another build: its functions are elsewhere, or not there
        return None


def _measured(ggml: _Ggml, backend: Any, layout: Any, kind: int, threads: int) -> float:
    weights_context = ggml.context()
    weights = ggml.pointer("ggml_new_tensor_2d")(weights_context, kind, WIDTH, threads * ROWS)
    held = ggml.allocated(weights_context, layout) if layout else None
    context = ggml.context()
    inputs = ggml.pointer("ggml_new_tensor_2d")(context, _TYPES["F32"], WIDTH, 1)
    products = [ggml.pointer("ggml_mul_mat")(context, weights, inputs) for _ in range(PRODUCTS)]
    if held and not ggml.true("ggml_backend_supports_op")(backend, products[0]):  # none for this type
        ggml.none("ggml_backend_buffer_free")(held)
        ggml.none("ggml_free")(context)
        ggml.none("ggml_free")(weights_context)
        return _measured(ggml, backend, None, kind, threads)
    default = ggml.pointer("ggml_backend_get_default_buffer_type")(backend)
    buffers = [held or ggml.allocated(weights_context, default), ggml.allocated(context, default)]
    for tensor in (weights, inputs):
        size = ggml.size("ggml_nbytes")(tensor)
        ggml.none("ggml_backend_tensor_set")(tensor, bytes(size), 0, size)
    graph = ggml.pointer("ggml_new_graph")(context)
    for product in products:
        ggml.none("ggml_build_forward_expand")(graph, product)
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        ggml.size("ggml_backend_graph_compute")(backend, graph)
        taken.append(time.perf_counter() - started)
    rate = PRODUCTS * ggml.size("ggml_nbytes")(weights) / median(taken[ROUNDS // 3 :])
    for buffer in buffers:
        ggml.none("ggml_backend_buffer_free")(buffer)
    ggml.none("ggml_free")(context)
    ggml.none("ggml_free")(weights_context)
    return float(rate)


class _Ggml:
    """The functions of llama.cpp's tensor library, by what they return."""

    def __init__(self) -> None:
        from llama_cpp._ggml import libggml

        self._library = libggml

    def pointer(self, name: str) -> Callable[..., Any]:
        return self._function(name, ctypes.c_void_p)

    def size(self, name: str) -> Callable[..., int]:
        return self._function(name, ctypes.c_size_t)

    def true(self, name: str) -> Callable[..., bool]:
        return self._function(name, ctypes.c_bool)

    def none(self, name: str) -> Callable[..., None]:
        return self._function(name, None)

    def context(self) -> Any:
        """Room for the descriptions of tensors, without their data."""
        size = 64 * self.size("ggml_tensor_overhead")() + self.size("ggml_graph_overhead")()
        return self.pointer("ggml_init")(_InitParams(size, None, True))

    def allocated(self, context: Any, layout: Any) -> Any:
        """The data of a context's tensors."""
        return self.pointer("ggml_backend_alloc_ctx_tensors_from_buft")(context, layout)

    def _function(self, name: str, returns: Any) -> Callable[..., Any]:
        function = getattr(self._library, name)

        def call(*arguments: Any) -> Any:
            function.restype = returns
            return function(*map(_native, arguments))

        return call


def _native(argument: Any) -> Any:
    """Pointers come as whole numbers, and would be cut to 32 bits; for other numbers 64 do no harm."""
    return ctypes.c_void_p(argument) if isinstance(argument, int) else argument


@contextmanager
def _backend(threads: int) -> Iterator[tuple[_Ggml, Any, Any]]:
    """llama.cpp's processor backend, and the layout that it has for weights of some types, if any."""
    ggml = _Ggml()
    device = ggml.pointer("ggml_backend_dev_by_type")(_CPU)
    registry = ggml.pointer("ggml_backend_dev_backend_reg")(device)
    address = ggml.pointer("ggml_backend_reg_get_proc_address")
    backend = ggml.pointer("ggml_backend_dev_init")(device, None)
    set_threads = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
    set_threads(address(registry, b"ggml_backend_set_n_threads"))(backend, threads)
    layouts = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
    extra = layouts(address(registry, b"ggml_backend_dev_get_extra_bufts"))(device)
    named = {}
    for place in range(16):
        if not extra or not extra[place]:
            break
        named[ctypes.string_at(ggml.pointer("ggml_backend_buft_name")(extra[place]))] = extra[place]
    try:
        yield ggml, backend, named.get(b"CPU_REPACK")
    finally:
        ggml.none("ggml_backend_free")(backend)
