"""A model of Qwen2.5-0.5B's shape with its real vocabulary and random weights, for what takes time.

    python benchmarks/half_billion.py FILE [--parallel]

--parallel: with our special tokens, and declared to read tools in parallel segments, as if it had been
trained so. What it writes is noise; how long that takes is not.
"""

import argparse
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType, TokenType
from numpy.typing import NDArray

from scrubjay.models.dialects import DIALECT, SPECIAL_TOKENS

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from vocabularies import templates, vocabulary  # type: ignore[import-not-found]

LAYERS, WIDTH, HEADS, KV_HEADS, HEAD, FEED_FORWARD = 24, 896, 14, 2, 64, 4864
TEMPLATE = "Qwen-Qwen2.5-7B-Instruct"


def make_half_billion(path: Path, *, parallel: bool, context: int = 8192) -> None:
    """Write it, with Q4_0 weights."""
    tokens, types, merges = _vocabulary()
    if parallel:
        first = len(tokens) - len(SPECIAL_TOKENS)
        tokens[first:] = SPECIAL_TOKENS
        types[first:] = [int(TokenType.CONTROL)] * len(SPECIAL_TOKENS)
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("random weights in the shape of Qwen2.5-0.5B")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_add_bos_token(False)
    end = "<|end|>" if parallel else "<|im_end|>"
    writer.add_eos_token_id(tokens.index(end) if end in tokens else tokens.index("<|endoftext|>"))
    if parallel:
        writer.add_string("scrubjay.dialect", DIALECT)
        writer.add_bool("scrubjay.parallel_segments", True)
        writer.add_bool("scrubjay.evidence", True)
        writer.add_bool("scrubjay.facts", False)
    else:
        writer.add_chat_template(templates()[TEMPLATE])
    _add_weights(writer, len(tokens))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary() -> tuple[list[str], list[int], list[str]]:
    reader = gguf.GGUFReader(vocabulary("qwen2"))

    def array(key: str) -> list[object]:
        contents = reader.fields[key].contents()
        assert isinstance(contents, list)
        return contents

    tokens = [str(token) for token in array("tokenizer.ggml.tokens")]
    types = [int(str(kind)) for kind in array("tokenizer.ggml.token_type")]
    return tokens, types, [str(merge) for merge in array("tokenizer.ggml.merges")]


def _add_weights(writer: gguf.GGUFWriter, vocabulary_size: int) -> None:
    random = np.random.default_rng(0)

    def matrix(name: str, rows: int, columns: int, kind: GGMLQuantizationType) -> None:
        writer.add_tensor(f"{name}.weight", _random_blocks(random, rows, columns, kind), raw_dtype=kind)

    def vector(name: str, size: int, value: float) -> None:
        writer.add_tensor(name, np.full(size, value, np.float32))

    small, fine = GGMLQuantizationType.Q4_0, GGMLQuantizationType.Q8_0
    matrix("token_embd", vocabulary_size, WIDTH, fine)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        vector(block + "attn_norm.weight", WIDTH, 1.0)
        vector(block + "ffn_norm.weight", WIDTH, 1.0)
        for name, rows in (("attn_q", WIDTH), ("attn_k", KV_HEADS * HEAD), ("attn_v", KV_HEADS * HEAD)):
            matrix(block + name, rows, WIDTH, small)
            vector(f"{block}{name}.bias", rows, 0.0)
        matrix(block + "attn_output", WIDTH, WIDTH, small)
        matrix(block + "ffn_gate", FEED_FORWARD, WIDTH, small)
        matrix(block + "ffn_up", FEED_FORWARD, WIDTH, small)
        matrix(block + "ffn_down", WIDTH, FEED_FORWARD, small)
    vector("output_norm.weight", WIDTH, 1.0)


def _random_blocks(
    random: np.random.Generator, rows: int, columns: int, kind: GGMLQuantizationType
) -> NDArray[np.uint8]:
    """Quantized blocks of 32 random weights, each a scale in 16 bits and the weights in 4 or 8."""
    bits, spread = (4, 4.6) if kind is GGMLQuantizationType.Q4_0 else (8, 74.0)
    blocks = random.integers(0, 256, (rows, columns // 32, 2 + 32 * bits // 8), np.uint8)
    scale = np.array([1.5 / spread / columns**0.5], np.float16).view(np.uint8)
    blocks[:, :, :2] = scale
    return blocks.reshape(rows, -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--parallel", action="store_true")
    options = parser.parse_args()
    make_half_billion(options.file, parallel=options.parallel)


if __name__ == "__main__":
    main()
