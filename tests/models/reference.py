"""The decoder's arithmetic in NumPy, slow and plain, to hold llama.cpp's composed cells against.

Qwen3: RMSNorm, queries and keys normalised per head, rotary positions by halves, SwiGLU.
"""

import numpy as np
from numpy.typing import NDArray

from ..tiny_model import Shape

Floats = NDArray[np.float32]


def logits(
    weights: dict[str, Floats],
    shape: Shape,
    tokens: list[int],
    positions: list[int],
    sees: NDArray[np.bool_],
) -> Floats:
    """Logits after each token, shape (tokens, vocabulary); `sees[i, j]`: token i attends to token j."""
    x = weights["token_embd.weight"][tokens]
    for layer in range(shape.layers):
        block = {name.split(".", 2)[2]: w for name, w in weights.items() if name.startswith(f"blk.{layer}.")}
        x = x + _attention(block, shape, _norm(x, block["attn_norm.weight"]), positions, sees)
        h = _norm(x, block["ffn_norm.weight"])
        gate = h @ block["ffn_gate.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ block["ffn_up.weight"].T)) @ block["ffn_down.weight"].T
    return _norm(x, weights["output_norm.weight"]) @ weights["output.weight"].T


def _attention(
    block: dict[str, Floats], shape: Shape, h: Floats, positions: list[int], sees: NDArray[np.bool_]
) -> Floats:
    def heads(name: str) -> Floats:
        return (h @ block[f"attn_{name}.weight"].T).reshape(len(h), shape.heads, shape.head_size)

    q = _rotate(_norm(heads("q"), block["attn_q_norm.weight"]), positions)
    k = _rotate(_norm(heads("k"), block["attn_k_norm.weight"]), positions)
    scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(shape.head_size)
    scores = np.where(sees, scores, -np.inf)
    attention = np.exp(scores - scores.max(-1, keepdims=True))
    attention /= attention.sum(-1, keepdims=True)
    mixed: Floats = np.einsum("hij,jhd->ihd", attention, heads("v")).reshape(len(h), -1)
    return mixed @ block["attn_output.weight"].T


def _norm(x: Floats, weight: Floats) -> Floats:
    scale: Floats = np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
    return x / scale * weight


def _rotate(x: Floats, positions: list[int]) -> Floats:
    half = x.shape[-1] // 2
    angles = np.array(positions)[:, None] * 10_000.0 ** (-np.arange(half) / half)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
