"""Models with random weights in the shapes of well-known ones, with their real vocabularies and templates.

What they write is noise; how they are loaded, spoken to and held by the grammar is real.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .vocabularies import templates, vocabulary


@dataclass(frozen=True, slots=True)
class ForeignShape:
    """A model: its architecture, sizes, vocabulary file, template, and the token that ends an answer."""

    architecture: str
    vocabulary: str
    template: str
    end: int
    layers: int
    width: int
    heads: int
    kv_heads: int
    feed_forward: int
    rope_base: float
    tied: bool
    context: int = 4096


QWEN_05B = ForeignShape(
    "qwen2", "qwen2", "Qwen-Qwen2.5-7B-Instruct", 151645, 24, 896, 14, 2, 4864, 1e6, tied=True
)
LLAMA_1B = ForeignShape(
    "llama", "llama-bpe", "meta-llama-Llama-3.2-3B-Instruct", 128009, 16, 2048, 32, 8, 8192, 5e5, tied=True
)
PHI_MINI = ForeignShape(
    "phi3", "phi-3", "microsoft-Phi-3.5-mini-instruct", 32007, 32, 3072, 32, 32, 8192, 1e4, tied=False
)
SHAPES: Mapping[str, ForeignShape] = {
    "Qwen2.5-0.5B": QWEN_05B,
    "Llama-3.2-1B": LLAMA_1B,
    "Phi-3-mini": PHI_MINI,
}


def slim(shape: ForeignShape, layers: int = 1, divide: int = 4) -> ForeignShape:
    """The same vocabulary and kind of model, small enough to be made and run in a moment."""
    return replace(
        shape,
        layers=layers,
        width=shape.width // divide,
        heads=max(1, shape.heads // divide) if shape.heads % divide == 0 else shape.heads // 2,
        kv_heads=max(1, shape.kv_heads // divide) if shape.kv_heads % divide == 0 else 1,
        feed_forward=shape.feed_forward // divide,
    )


def make_foreign_model(path: Path, shape: ForeignShape, weight_type: str = "Q8_0", seed: int = 0) -> None:
    """Write a model with random weights to `path`: F16, Q8_0 or Q4_0; norms and biases are F32.

    The tokenizer's fields are copied as bytes from the vocabulary's file. Format:
    https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
    """
    fields = _fields(shape)
    tensors = _tensors(shape, fields.pop("tokens"))
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields)))
        for field in fields.values():
            file.write(field)
        offset = 0
        for name, (rows, columns) in tensors.items():
            kind = weight_type if columns else "F32"
            sizes = (columns, rows) if columns else (rows,)
            file.write(_string(name) + struct.pack("<I", len(sizes)))
            file.write(struct.pack(f"<{len(sizes)}QIQ", *sizes, _TYPES[kind].number, offset))
            offset += -(-_nbytes(kind, rows, columns) // _ALIGNMENT) * _ALIGNMENT
        file.write(bytes(-file.tell() % _ALIGNMENT))
        for rows, columns in tensors.values():
            file.write(_random(random, rows, columns, weight_type))
            file.write(bytes(-file.tell() % _ALIGNMENT))


@dataclass(frozen=True, slots=True)
class _Type:
    """A tensor type: its number in the format, and the bytes of a block of so many weights."""

    number: int
    weights: int
    nbytes: int


_ALIGNMENT = 32
_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_TYPES = {"F32": _Type(0, 1, 4), "F16": _Type(1, 1, 2), "Q4_0": _Type(2, 32, 18), "Q8_0": _Type(8, 32, 34)}


def _nbytes(kind: str, rows: int, columns: int) -> int:
    return rows * max(1, columns) // _TYPES[kind].weights * _TYPES[kind].nbytes


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _fields(shape: ForeignShape) -> dict[str, Any]:
    """The metadata as bytes, by name; `tokens` is how many tokens the vocabulary has."""
    fields: dict[str, Any] = {}

    def integer(key: str, value: int) -> None:
        fields[key] = _string(key) + struct.pack("<II", 4, value)

    def real(key: str, value: float) -> None:
        fields[key] = _string(key) + struct.pack("<If", 6, value)

    def text(key: str, value: str) -> None:
        fields[key] = _string(key) + struct.pack("<I", 8) + _string(value)

    data = vocabulary(shape.vocabulary).read_bytes()
    position = 24
    for _ in range(struct.unpack_from("<Q", data, 16)[0]):
        start, (size,) = position, struct.unpack_from("<Q", data, position)
        key = data[start + 8 : start + 8 + size].decode()
        kind = struct.unpack_from("<I", data, start + 8 + size)[0]
        values = start + 12 + size
        position = values + _value_bytes(data, values, kind)
        if key.startswith("tokenizer."):
            fields[key] = data[start:position]
        if key == "tokenizer.ggml.tokens":
            fields["tokens"] = struct.unpack_from("<Q", data, values + 4)[0]
    name = shape.architecture
    text("general.architecture", name)
    text("tokenizer.chat_template", templates()[shape.template])
    integer("tokenizer.ggml.eos_token_id", shape.end)
    integer(f"{name}.context_length", shape.context)
    integer(f"{name}.embedding_length", shape.width)
    integer(f"{name}.block_count", shape.layers)
    integer(f"{name}.feed_forward_length", shape.feed_forward)
    integer(f"{name}.attention.head_count", shape.heads)
    integer(f"{name}.attention.head_count_kv", shape.kv_heads)
    integer(f"{name}.rope.dimension_count", shape.width // shape.heads)
    integer(f"{name}.vocab_size", fields["tokens"])
    real(f"{name}.attention.layer_norm_rms_epsilon", 1e-6)
    real(f"{name}.rope.freq_base", shape.rope_base)
    return fields


def _value_bytes(data: bytes, at: int, kind: int) -> int:
    """How many bytes the value at `at` takes."""
    if kind == 8:
        return 8 + int(struct.unpack_from("<Q", data, at)[0])
    if kind != 9:
        return _SCALAR_BYTES[kind]
    inner, count = struct.unpack_from("<IQ", data, at)
    if inner != 8:
        return 12 + int(count) * _SCALAR_BYTES[inner]
    size = 12
    for _ in range(count):
        size += 8 + int(struct.unpack_from("<Q", data, at + size)[0])
    return size


def _tensors(shape: ForeignShape, tokens: int) -> dict[str, tuple[int, int]]:
    """Rows and columns of each tensor; 0 columns: a vector."""
    head = shape.width // shape.heads
    queries, keys, width = shape.heads * head, shape.kv_heads * head, shape.width
    sizes = {"token_embd.weight": (tokens, width), "output_norm.weight": (width, 0)}
    if not shape.tied:
        sizes["output.weight"] = (tokens, width)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        sizes[block + "attn_norm.weight"] = sizes[block + "ffn_norm.weight"] = (width, 0)
        if shape.architecture == "phi3":
            sizes[block + "attn_qkv.weight"] = (queries + 2 * keys, width)
            sizes[block + "ffn_up.weight"] = (2 * shape.feed_forward, width)
        else:
            sizes[block + "attn_q.weight"] = (queries, width)
            sizes[block + "attn_k.weight"] = sizes[block + "attn_v.weight"] = (keys, width)
            sizes[block + "ffn_gate.weight"] = sizes[block + "ffn_up.weight"] = (shape.feed_forward, width)
        if shape.architecture == "qwen2":
            sizes[block + "attn_q.bias"] = (queries, 0)
            sizes[block + "attn_k.bias"] = sizes[block + "attn_v.bias"] = (keys, 0)
        sizes[block + "attn_output.weight"] = (width, queries)
        sizes[block + "ffn_down.weight"] = (width, shape.feed_forward)
    return sizes


def _random(random: np.random.Generator, rows: int, columns: int, kind: str) -> bytes:
    """Weights of about unit gain, made in their quantized form: quantizing half a billion takes minutes."""
    if not columns:
        return bytes((1 + 0.1 * random.standard_normal(rows)).astype("<f4").tobytes())
    spread = 1.5 / columns**0.5
    if kind == "F16":
        weights = random.standard_normal((rows, columns), np.float32) * spread
        return bytes(weights.astype("<f2").tobytes())
    blocks = rows * columns // 32
    data = random.integers(0, 256, (blocks, _TYPES[kind].nbytes), np.uint8)
    step = spread / (73.9 if kind == "Q8_0" else 4.6)  # the deviation of 256 or 16 even steps
    data[:, :2] = np.frombuffer(np.float16(step).tobytes(), np.uint8)
    return bytes(data.tobytes())
