"""Products of weights in 4 bits: llama.cpp's and ours, and a token of a model in small and in large pages.

    python benchmarks/q4_rows.py

Seconds are those of one thread on its processor: other programs take no part of them, but of the memory's
bandwidth. Needs a llama.cpp that was built by models/build_llama.sh on an x86 processor.
"""

import ctypes
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from statistics import median
from unittest.mock import patch

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from scrubjay.models.context import Context
from scrubjay.models.library import load_model
from scrubjay.models.roofline import _decode

sys.path.append(str(Path(__file__).parent.parent.parent))
from scrubjay.tests.foreign_model import QWEN_05B, make_foreign_model

WIDTHS, CACHED, STREAMED = (896, 4864), 256 * 2**10, 96 * 2**20
PRODUCTS = {"llama.cpp": "scrubjay_their_{}", "ours": "ggml_{}_q4_0_8x8_q8_0"}
ROWS = (1, 4, 12, 32)


def best(work: Callable[[], object], times: int) -> float:
    """The least seconds of a few times."""
    taken = []
    for _ in range(times):
        started = time.thread_time()
        work()
        taken.append(time.thread_time() - started)
    return min(taken)


def blocks(count: int, size: int, scales: int) -> NDArray[np.uint8]:
    """Random blocks whose scales are ones."""
    made = np.random.default_rng(0).integers(-127, 128, (count, size), np.int8).view(np.uint8)
    made[:, : 2 * scales] = np.ones((count, scales), np.float16).view(np.uint8)
    return made


def products(library: ctypes.CDLL) -> None:
    for width in WIDTHS:
        for where, nbytes in (("cache", CACHED), ("memory", STREAMED)):
            weights = blocks(nbytes // (144 * width // 32) * (width // 32), 144, 8)
            columns = len(weights) // (width // 32) * 8
            for rows in ROWS if where == "cache" else ROWS[:1]:
                kind, size, scales = ("gemv", 34, 1) if rows == 1 else ("gemm", 136, 4)
                activations = blocks(width // 32 * max(1, rows // 4), size, scales)
                results = np.empty((rows, columns), np.float32)
                arguments = [width, results.ctypes.data, columns, weights.ctypes.data]
                arguments += [activations.ctypes.data, rows, columns]
                told = []
                for name, function in PRODUCTS.items():
                    call = getattr(library, function.format(kind))
                    call.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 4, ctypes.c_int, ctypes.c_int]
                    seconds = best(partial(call, *arguments), 400 if where == "cache" else 8)
                    rate = 2 * width * columns * rows / seconds / 1e9
                    told.append(f"{name} {weights.nbytes / seconds / 1e9:.1f} GB/s, {rate:.0f} Gop/s")
                print(f"{width} wide, {where}, {rows} tokens: {'; '.join(told)}", flush=True)


def tokens(path: Path) -> None:
    """A decoded token, with small pages and with large ones, in turns."""
    make_foreign_model(path, QWEN_05B, "Q4_0")
    taken: dict[str, list[float]] = {"small": [], "large": []}
    for pages in 2 * tuple(taken):
        with patch("scrubjay.models.library.large_pages", nullcontext) if pages == "small" else nullcontext():
            model = load_model(path)
        context = Context(model, 1024, 1, 256, 1)
        with patch("time.perf_counter", time.process_time):
            for _ in range(3):
                taken[pages] += _decode(context)
        context.close()
        llama_cpp.llama_model_free(model.pointer)
    told = ", ".join(f"{pages} pages {1e3 * median(steps):.1f} ms" for pages, steps in taken.items())
    print(f"a token of the 0.5 B shape in Q4_0, one thread: {told}")


def main() -> None:
    library = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / "libggml-cpu.so"))
    if not hasattr(library, "scrubjay_their_gemv"):
        raise SystemExit("This llama.cpp was not built by models/build_llama.sh for an x86 processor.")
    library.ggml_cpu_init()
    products(library)
    with tempfile.TemporaryDirectory() as folder:
        tokens(Path(folder) / "model.gguf")


if __name__ == "__main__":
    main()
