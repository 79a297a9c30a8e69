"""How exactly keys and values are kept."""

from enum import StrEnum

import llama_cpp

from .metadata import Metadata


class KVType(StrEnum):
    """16 bits a number, or 8 or 4 with a scale for every 32. All but F16 need flash attention."""

    F16 = "f16"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"

    @property
    def native(self) -> int:
        """llama.cpp's number for it."""
        return int(
            {
                KVType.F16: llama_cpp.GGML_TYPE_F16,
                KVType.Q8_0: llama_cpp.GGML_TYPE_Q8_0,
                KVType.Q4_0: llama_cpp.GGML_TYPE_Q4_0,
            }[self]
        )

    @property
    def bits(self) -> float:
        """Bits for each number, scales included."""
        return {KVType.F16: 16.0, KVType.Q8_0: 8.5, KVType.Q4_0: 4.5}[self]


def cell_bytes(metadata: Metadata, kv_type: KVType) -> int:
    """The bytes of one token's keys and values, from what a model's file says of its shape."""

    def number(key: str, default: int) -> int:
        value = metadata.get(f"{metadata.get('general.architecture')}.{key}", default)
        return int(value)

    heads = number("attention.head_count", 1)
    head = number("embedding_length", 64) // heads
    values = number("attention.key_length", head) + number("attention.value_length", head)
    per_layer = number("attention.head_count_kv", heads) * values
    return max(1, int(number("block_count", 1) * per_layer * kv_type.bits / 8))
