"""Attention over packed segments: a compiled kernel on CPUs, masked products elsewhere.

PyTorch's attention on a CPU reaches a tenth of the rate of its matrix products and computes what the mask
hides; segments see a third of their keys in a request's row and a twentieth in a tool's. The kernel
(`attention.cpp`) gathers what each segment sees and computes nothing else.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F

SOURCE = Path(__file__).with_name("attention.cpp")
FLAGS = ("-O3", "-march=native", "-fopenmp-simd", "-fno-math-errno", "-std=c++17", "-shared", "-fPIC")
HEAD_WIDTH = 64
MOST_SEGMENTS = 31
"""Tool segments of a group at most: they are bits of an int32; and requests of a group."""


@cache
def kernel() -> ctypes.CDLL | None:
    """The compiled kernel, made on first use for this machine's processor; None without a C++ compiler."""
    compiler = os.environ.get("CXX", "g++")
    folder = Path(tempfile.gettempdir()) / f"scrubjay-kernels-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():  # somebody else's library is not to be loaded
        return None
    name = hashlib.sha256(SOURCE.read_bytes() + _processor()).hexdigest()[:16]
    library = folder / f"attention-{name}.so"
    if not library.exists():
        temporary = library.with_suffix(f".{os.getpid()}")
        try:
            subprocess.run(
                [compiler, *FLAGS, str(SOURCE), "-o", str(temporary)], check=True, capture_output=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        os.replace(temporary, library)
    return ctypes.CDLL(str(library))


def _processor() -> bytes:
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return b""
    return next((line for line in lines if line.startswith(b"flags")), b"")


def attention(
    segments: torch.Tensor, sees: torch.Tensor, table: torch.Tensor, head_width: int
) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]:
    """The function of (q, k, v), each [rows, row, heads, head width], that mixes values for one batch.

    The kernel works in bf16, so it is used under autocast only.
    """
    on_cpu = segments.device.type == "cpu" and torch.is_autocast_enabled("cpu")
    if on_cpu and head_width == HEAD_WIDTH and _has_kernel():
        tools = tool_entries(sees.shape[0], segments.shape[0])

        def fused(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            mixed, _ = segment_attention(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), table, tools)
            rows: torch.Tensor = mixed.view(q.shape)
            return rows

        return fused
    tool_mask, request_mask = masks(segments, sees)
    return lambda q, k, v: masked_attention(q, k, v, tool_mask, request_mask)


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _has_kernel() -> bool:
    return kernel() is not None


def tool_entries(groups: int, rows: int) -> int:
    """How many of a table's entries are for tools: system tokens of all rows, then tools of all groups."""
    return rows + groups * MOST_SEGMENTS


@torch.library.custom_op("scrubjay::segment_attention", mutates_args=())
def segment_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, table: torch.Tensor, tools: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend within segments; q, k, v: [tokens, heads, 64] bf16, table: int32 as in `packing.Batch`.

    The first `tools` rows of the table are tool segments. k and v may hold more tokens than q: segments there
    are only looked at, and get no gradient. Returns the mixed values, shaped like q, and the logarithm of
    each softmax's sum, [tokens, heads].
    """
    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    tokens, heads, width = q.shape
    out = torch.zeros_like(q)
    normaliser = torch.zeros(tokens, heads)
    _kernel().segment_attention_forward(
        *_pointers(q, k, v, out, normaliser, table),
        tools,
        table.shape[0],
        q.shape[0],
        heads,
        ctypes.c_float(width**-0.5),
    )
    return out, normaliser


@torch.library.custom_op("scrubjay::segment_attention_backward", mutates_args=())
def segment_attention_backward(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    out: torch.Tensor,
    normaliser: torch.Tensor,
    dout: torch.Tensor,
    table: torch.Tensor,
    tools: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of q, k and v, bf16, from the gradient of the mixed values."""
    q, k, v, dout = q.contiguous(), k.contiguous(), v.contiguous(), dout.contiguous()
    _, heads, width = q.shape
    slopes = [torch.zeros(x.shape, dtype=torch.float32) for x in (q, k, v)]
    _kernel().segment_attention_backward(
        *_pointers(q, k, v, out, normaliser, dout, *slopes, table),
        tools,
        table.shape[0],
        q.shape[0],
        heads,
        ctypes.c_float(width**-0.5),
    )
    dq, dk, dv = (slope.to(q.dtype) for slope in slopes)
    return dq, dk, dv


@segment_attention.register_fake
def _(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, table: torch.Tensor, tools: int
) -> tuple[torch.Tensor, torch.Tensor]:
    return q.new_empty(q.shape), q.new_empty(q.shape[:2], dtype=torch.float32)


@segment_attention_backward.register_fake
def _(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    out: torch.Tensor,
    normaliser: torch.Tensor,
    dout: torch.Tensor,
    table: torch.Tensor,
    tools: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return q.new_empty(q.shape), k.new_empty(k.shape), v.new_empty(v.shape)


def _setup(ctx: torch.autograd.function.FunctionCtx, inputs: tuple, output: tuple) -> None:  # type: ignore[type-arg]
    q, k, v, table, tools = inputs
    ctx.save_for_backward(q, k, v, *output, table)
    ctx.tools = tools  # type: ignore[attr-defined]


def _backward(
    ctx: torch.autograd.function.FunctionCtx, dout: torch.Tensor, _: torch.Tensor
) -> tuple[torch.Tensor | None, ...]:
    q, k, v, out, normaliser, table = ctx.saved_tensors  # type: ignore[attr-defined]
    slopes = segment_attention_backward(q, k, v, out, normaliser, dout, table, ctx.tools)  # type: ignore[attr-defined]
    return (*slopes, None, None)


segment_attention.register_autograd(_backward, setup_context=_setup)


def _kernel() -> ctypes.CDLL:
    library = kernel()
    if library is None:
        raise RuntimeError("a C++ compiler (g++, or the one in $CXX) is needed to train on a CPU")
    return library


def _pointers(*tensors: torch.Tensor) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors]


def masked_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, tool_mask: torch.Tensor, request_mask: torch.Tensor
) -> torch.Tensor:
    """The same by masks, for GPUs; q, k, v: [rows, row, heads, width], tool rows first, masks of `masks`."""
    _, length, heads, width = q.shape
    tool_rows, request_rows = tool_mask.shape[0], request_mask.shape[0]
    per_group = request_mask.shape[-1] // length - 1
    groups = tool_rows // per_group
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    in_tools = F.scaled_dot_product_attention(
        q[:tool_rows], k[:tool_rows], v[:tool_rows], attn_mask=tool_mask
    )

    def keys(y: torch.Tensor) -> torch.Tensor:
        shared = y[:tool_rows].reshape(groups, per_group, heads, length, width).transpose(1, 2)
        shared = shared.reshape(groups, 1, heads, per_group * length, width)
        shared = shared.expand(groups, request_rows // groups, *shared.shape[2:]).flatten(0, 1)
        return torch.cat([shared, y[tool_rows:]], dim=2)

    in_requests = F.scaled_dot_product_attention(q[tool_rows:], keys(k), keys(v), attn_mask=request_mask)
    return torch.cat([in_tools, in_requests]).transpose(1, 2)


def masks(segments: torch.Tensor, sees: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Which key each token attends to, from the arrays of `packing.Batch`.

    Returns ([tool rows, 1, row, row], [request rows, 1, row, (tool rows of a group + 1) * row]), True: seen.
    """
    groups, request_rows, length = sees.shape
    tool_tokens = segments.shape[0] * length // groups - request_rows * length
    order = torch.arange(length, device=segments.device)
    causal = order[:, None] >= order[None, :]
    own = (segments[:, :, None] == segments[:, None, :]) & causal | (order == 0)
    keys = segments[: groups * tool_tokens // length].reshape(groups, 1, 1, tool_tokens)
    shared = ((sees[..., None] >> keys.clamp(min=0)) & 1).bool() & (keys > 0)
    tool_rows = groups * tool_tokens // length
    return own[:tool_rows, None], torch.cat([shared.flatten(0, 1), own[tool_rows:]], dim=2)[:, None]
