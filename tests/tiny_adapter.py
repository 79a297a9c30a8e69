"""LoRA adapters with random weights for the models of `tiny_model`, as GGUF files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType, GGUFValueType
from numpy.typing import NDArray

Matrices = Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
AnyMatrices = Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
Value = tuple[Any, GGUFValueType] | tuple[Any, GGUFValueType, GGUFValueType]
"""A value, its type and, for an array, that of its elements."""

ALPHA = "adapter.lora.alpha"
INVOCATION = "adapter.alora.invocation_tokens"

PARTS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


def random_matrices(
    weights: Mapping[str, NDArray[np.float32]], seed: int = 0, rank: int = 4, strength: float = 0.5
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """For each matrix of the layers: A (rank, columns in) and B (rows out, rank)."""
    random = np.random.default_rng(seed)
    matrices = {}
    for name, weight in weights.items():
        if any(part in name for part in PARTS) and weight.ndim == 2:
            rows, columns = weight.shape
            a = random.standard_normal((rank, columns), dtype=np.float32) / columns**0.5
            b = random.standard_normal((rows, rank), dtype=np.float32) * np.float32(strength)
            matrices[name] = a, b
    return matrices


def write_adapter(
    path: Path,
    matrices: AnyMatrices,
    *,
    alpha: float = 4.0,
    metadata: Mapping[str, str] | None = None,
    invocation: Sequence[int] = (),
    architecture: str = "qwen3",
    kind: str = "adapter",
    extra: Mapping[str, NDArray[Any]] | None = None,
    values: Mapping[str, Value] | None = None,
    weight_type: GGMLQuantizationType | None = None,
) -> None:
    """Write an adapter to `path`.

    extra: tensors beside the pairs of matrices. values: keys with values of any GGUF type, in place of what
    would stand there. weight_type: of the matrices; otherwise that of the arrays.
    """
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(kind)
    writer.add_string("adapter.type", "lora")
    pairs: dict[str, Value] = {ALPHA: (alpha, GGUFValueType.FLOAT32)}
    pairs |= {key: (value, GGUFValueType.STRING) for key, value in (metadata or {}).items()}
    if invocation:
        pairs[INVOCATION] = list(invocation), GGUFValueType.ARRAY, GGUFValueType.UINT32
    for key, (value, *types) in {**pairs, **(values or {})}.items():
        writer.add_key_value(key, value, *types)
    for name, pair in matrices.items():
        for part, matrix in zip("ab", pair, strict=True):
            data = matrix if weight_type is None else gguf.quants.quantize(matrix, weight_type)
            writer.add_tensor(f"{name}.lora_{part}", data, raw_dtype=weight_type)
    for name, tensor in (extra or {}).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def merged(
    weights: Mapping[str, NDArray[np.float32]], matrices: Matrices, scale: float, alpha: float = 4.0
) -> dict[str, NDArray[np.float32]]:
    """The model's weights with an adapter worked into them."""
    whole = dict(weights)
    for name, (a, b) in matrices.items():
        whole[name] = weights[name] + np.float32(scale * alpha / a.shape[0]) * (b @ a)
    return whole
