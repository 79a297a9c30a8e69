"""GGUF models with random weights in the shape of our planner, made in a moment for tests and benchmarks.

`make_tiny_planner(path)` writes a model of half a megabyte that speaks our dialect: architecture qwen3, a
byte-level BPE vocabulary with our special tokens, parallel tool segments declared. What it writes is noise,
but the same noise each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType, TokenType
from numpy.typing import NDArray

SPECIAL_TOKENS = (
    "<|pad|>",
    "<|end|>",
    "<|system|>",
    "<|tool|>",
    "<|turn|>",
    "<|plan|>",
    "<|result|>",
    "<|facts|>",
    "<|request|>",
    "<|think|>",
    "<|/think|>",
)
WORDS = (
    *("done", "none", "true", "false", "null", "get", "send", "create", "text", "email", "name", "time"),
    *("tool", "address", "phone", "_number", " =", ' "', '="', '",', '")\n', ")\n", "=[", ' "$'),
    *(" the", " to", " and", " a", " is", " at", " note", " Sid", " Lutfi", " message", " tomorrow", " that"),
)

OURS: Mapping[str, str | bool] = {
    "scrubjay.dialect": "scrubjay-1",
    "scrubjay.parallel_segments": True,
    "scrubjay.evidence": True,
    "scrubjay.facts": False,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a decoder; the defaults give about 0.2 million parameters."""

    layers: int = 2
    width: int = 64
    heads: int = 2
    kv_heads: int = 2
    head_size: int = 32
    feed_forward: int = 128
    context: int = 2048
    vocabulary: int = 0
    """Tokens in all: the vocabulary is filled up with unused ones. 0: no filling."""


def make_tiny_planner(
    path: Path,
    *,
    shape: Shape = Shape(),
    seed: int = 0,
    weight_type: GGMLQuantizationType = GGMLQuantizationType.F32,
    parallel_segments: bool = True,
    metadata: Mapping[str, str | bool] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Write a planner with random weights to `path`.

    `weight_type` is F32, F16, Q8_0, Q4_0 or what else `gguf.quants` can quantize to (rows must then be whole
    blocks of 32); norms stay F32. `parallel_segments=False` leaves every `scrubjay.*` key out, as in a model
    that others made. `metadata` adds to those keys or replaces them. Returns the weights before quantization,
    by GGUF tensor name, each of shape (rows out, columns in).
    """
    tokens, merges = byte_level_vocabulary(WORDS)
    padding = [f"[unused{n}]" for n in range(len(tokens), shape.vocabulary)]
    ordinary = len(tokens) - len(SPECIAL_TOKENS)
    types = [TokenType.CONTROL] * len(SPECIAL_TOKENS) + [TokenType.NORMAL] * ordinary
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name("tiny random planner")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens + padding)
    writer.add_token_types([*types, *[TokenType.UNUSED] * len(padding)])
    writer.add_token_merges(merges)
    writer.add_eos_token_id(SPECIAL_TOKENS.index("<|end|>"))
    writer.add_pad_token_id(SPECIAL_TOKENS.index("<|pad|>"))
    writer.add_add_bos_token(False)
    declared = OURS if parallel_segments else {}
    for key, value in {**declared, **(metadata or {})}.items():
        if isinstance(value, bool):
            writer.add_bool(key, value)
        else:
            writer.add_string(key, value)
    weights = random_weights(shape, len(tokens) + len(padding), seed)
    for name, weight in weights.items():
        _add_tensor(writer, name, weight, weight_type if weight.ndim == 2 else GGMLQuantizationType.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return weights


def byte_level_vocabulary(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Special tokens, one token per byte, and the merges that build each of `words` from left to right.

    Returns tokens (by id) and merges, both in GPT-2's byte-to-character notation.
    """
    shown = _byte_characters()
    tokens = [*SPECIAL_TOKENS, *(shown[byte] for byte in range(256))]
    merges: list[str] = []
    for word in words:
        characters = "".join(shown[byte] for byte in word.encode())
        for end in range(2, len(characters) + 1):
            merge = f"{characters[: end - 1]} {characters[end - 1]}"
            if merge not in merges:
                merges.append(merge)
                tokens.append(characters[:end])
    return tokens, merges


def random_weights(shape: Shape, vocabulary: int, seed: int) -> dict[str, NDArray[np.float32]]:
    """Normal weights, large enough that what is written depends on what was read."""
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, scale: float = 1.5) -> NDArray[np.float32]:
        return random.standard_normal((rows, columns), dtype=np.float32) * np.float32(scale / columns**0.5)

    def norm(size: int) -> NDArray[np.float32]:
        return 1 + 0.1 * random.standard_normal(size, dtype=np.float32)

    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    weights = {"token_embd.weight": matrix(vocabulary, shape.width, scale=shape.width**0.5)}
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        weights[block + "attn_norm.weight"] = norm(shape.width)
        weights[block + "attn_q.weight"] = matrix(queries, shape.width)
        weights[block + "attn_k.weight"] = matrix(keys, shape.width)
        weights[block + "attn_v.weight"] = matrix(keys, shape.width)
        weights[block + "attn_q_norm.weight"] = norm(shape.head_size)
        weights[block + "attn_k_norm.weight"] = norm(shape.head_size)
        weights[block + "attn_output.weight"] = matrix(shape.width, queries)
        weights[block + "ffn_norm.weight"] = norm(shape.width)
        weights[block + "ffn_gate.weight"] = matrix(shape.feed_forward, shape.width)
        weights[block + "ffn_up.weight"] = matrix(shape.feed_forward, shape.width)
        weights[block + "ffn_down.weight"] = matrix(shape.width, shape.feed_forward)
    weights["output_norm.weight"] = norm(shape.width)
    weights["output.weight"] = matrix(vocabulary, shape.width)
    return weights


def _byte_characters() -> list[str]:
    """GPT-2's printable character for each byte, by byte."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def _add_tensor(
    writer: gguf.GGUFWriter, name: str, weight: NDArray[np.float32], weight_type: GGMLQuantizationType
) -> None:
    if weight_type is GGMLQuantizationType.F32:
        writer.add_tensor(name, weight)
    else:
        writer.add_tensor(name, gguf.quants.quantize(weight, weight_type), raw_dtype=weight_type)
