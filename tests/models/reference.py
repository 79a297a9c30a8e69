"""The decoder's arithmetic in NumPy, slow and plain, to hold llama.cpp's composed cells against.

Qwen3: RMSNorm, queries and keys normalised per head, rotary positions by halves, SwiGLU.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..tiny_model import Shape

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Lora:
    """Pairs (A, B) by the name of the matrix that they change, times `factor`, for tokens where it is on."""

    matrices: dict[str, tuple[Floats, Floats]]
    factor: float
    on: NDArray[np.bool_]

    def change(self, name: str, h: Floats) -> Floats:
        """What is added to the product of `h` and the matrix called `name`."""
        a, b = self.matrices[name]
        return np.where(self.on[:, None], h @ a.T @ b.T * np.float32(self.factor), np.float32(0))


def logits(
    weights: dict[str, Floats],
    shape: Shape,
    tokens: list[int],
    positions: list[int],
    sees: NDArray[np.bool_],
    lora: Lora | None = None,
) -> Floats:
    """Logits after each token, shape (tokens, vocabulary); `sees[i, j]`: token i attends to token j."""

    def product(name: str, h: Floats) -> Floats:
        plain: Floats = h @ weights[name].T
        return plain if lora is None else plain + lora.change(name, h)

    x = weights["token_embd.weight"][tokens]
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        h = _norm(x, weights[block + "attn_norm.weight"])
        q, k, v = (product(f"{block}attn_{name}.weight", h) for name in "qkv")
        norms = weights[block + "attn_q_norm.weight"], weights[block + "attn_k_norm.weight"]
        mixed = _attention(q, k, v, norms, shape, positions, sees)
        x = x + product(block + "attn_output.weight", mixed)
        h = _norm(x, weights[block + "ffn_norm.weight"])
        gate = product(block + "ffn_gate.weight", h)
        hidden = gate / (1 + np.exp(-gate)) * product(block + "ffn_up.weight", h)
        x = x + product(block + "ffn_down.weight", hidden)
    return _norm(x, weights["output_norm.weight"]) @ weights["output.weight"].T


def _attention(
    q: Floats,
    k: Floats,
    v: Floats,
    norms: tuple[Floats, Floats],
    shape: Shape,
    positions: list[int],
    sees: NDArray[np.bool_],
) -> Floats:
    def heads(x: Floats) -> Floats:
        return x.reshape(len(x), shape.heads, shape.head_size)

    q = _rotate(_norm(heads(q), norms[0]), positions)
    k = _rotate(_norm(heads(k), norms[1]), positions)
    scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(shape.head_size)
    scores = np.where(sees, scores, -np.inf)
    attention = np.exp(scores - scores.max(-1, keepdims=True))
    attention /= attention.sum(-1, keepdims=True)
    mixed: Floats = np.einsum("hij,jhd->ihd", attention, heads(v)).reshape(len(q), -1)
    return mixed


def _norm(x: Floats, weight: Floats) -> Floats:
    scale: Floats = np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
    return x / scale * weight


def _rotate(x: Floats, positions: list[int]) -> Floats:
    half = x.shape[-1] // 2
    angles = np.array(positions)[:, None] * 10_000.0 ** (-np.arange(half) / half)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
