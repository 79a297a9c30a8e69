"""Products of weights in 4 bits by our own code are those of llama.cpp, to the last bit."""

import ctypes
from pathlib import Path

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

BLOCK, FOUR_BLOCKS, WEIGHTS = 34, 136, 144  # bytes: 32 activations of one row, of four; weights of eight rows


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    folder = Path(llama_cpp.__file__).parent / "lib"
    files = [folder / name for name in ("libggml-cpu.so", "libggml-cpu.dylib", "ggml-cpu.dll")]
    found = next((file for file in files if file.exists()), None)
    if found is None:
        pytest.skip("llama.cpp's code for processors is not a library of its own here")
    library = ctypes.CDLL(str(found))
    if not hasattr(library, "scrubjay_their_gemv"):
        pytest.skip("this llama.cpp was not built by models/build_llama.sh for an x86 processor")
    library.ggml_cpu_init()
    return library


def multiplied(
    library: ctypes.CDLL,
    function: str,
    width: int,
    rows: int,
    weights: NDArray[np.uint8],
    activations: NDArray[np.uint8],
) -> NDArray[np.float32]:
    columns = len(weights) // (width // 32) * 8
    products = np.full((rows, columns), np.nan, np.float32)
    call = getattr(library, function)
    call.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 4, ctypes.c_int, ctypes.c_int]
    call.restype = None
    call(width, products.ctypes.data, columns, weights.ctypes.data, activations.ctypes.data, rows, columns)
    return products


def blocks(random: np.random.Generator, count: int, size: int, scales: int) -> NDArray[np.uint8]:
    """Random blocks of `size` bytes that begin with so many scales, floats of 16 bits. No byte is -128, which
    no activation becomes and theirs gets wrong."""
    made = random.integers(-127, 128, (count, size), np.int8).view(np.uint8)
    made[:, : 2 * scales] = random.normal(0, 0.1, (count, scales)).astype(np.float16).view(np.uint8)
    return made


@pytest.mark.parametrize("width", [32, 96, 896, 4864])
@pytest.mark.parametrize("columns", [8, 16, 40, 256])
@pytest.mark.parametrize("rows", [1, 4, 8, 12, 16, 36])
def test_products_are_the_same_to_the_last_bit(
    library: ctypes.CDLL, width: int, columns: int, rows: int
) -> None:
    random = np.random.default_rng(width + columns + rows)
    weights = blocks(random, width // 32 * columns // 8, WEIGHTS, 8)
    if rows == 1:
        activations, kind = blocks(random, width // 32, BLOCK, 1), "gemv"
    else:
        activations, kind = blocks(random, width // 32 * rows // 4, FOUR_BLOCKS, 4), "gemm"
    theirs = multiplied(library, f"scrubjay_their_{kind}", width, rows, weights, activations)
    ours = multiplied(library, f"ggml_{kind}_q4_0_8x8_q8_0", width, rows, weights, activations)
    assert not np.isnan(theirs).any()
    np.testing.assert_array_equal(ours, theirs)
