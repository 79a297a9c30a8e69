"""Writes trained weights as a GGUF file that llama.cpp runs as it is, and quantizes it."""

from __future__ import annotations

import ctypes
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gguf
import llama_cpp
import numpy as np
import torch

from ..dialects import DIALECT, END, PAD, SPECIAL_TOKENS, SYSTEM, tool_fingerprint
from ..library import silence
from .corpus import Corpus, load_corpus
from .model import ModelShape
from .tokenizer import Encoder
from .train import load_checkpoint

ARCHITECTURE = "qwen3"
CONTEXT_LENGTH = 8192

_LAYER_NAMES = {
    "attention_norm": "attn_norm",
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "output": "attn_output",
    "query_norm": "attn_q_norm",
    "key_norm": "attn_k_norm",
    "feed_forward_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}

FILE_TYPES = {
    "F16": llama_cpp.LLAMA_FTYPE_MOSTLY_F16,
    "Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "Q6_K": llama_cpp.LLAMA_FTYPE_MOSTLY_Q6_K,
    "Q4_K": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "Q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
}


def export(
    checkpoint: Path,
    tokenizer: Path,
    corpus: Path,
    out: Path,
    file_type: str = "Q8_0",
    confidence: Sequence[float] | None = None,
) -> None:
    """Write the weights of `checkpoint` to `out`, quantized as `file_type` (a key of FILE_TYPES).

    confidence: scale and offset of `agent.confidence.Calibration` for tools that it was trained on, then for
    others, as `scrubjay eval --calibrate` fits them.
    """
    content = load_checkpoint(checkpoint)
    if not content:
        raise FileNotFoundError(f"{checkpoint} does not exist: train first")
    if confidence:
        content["confidence"] = confidence
    content["tools"] = trained_tools(load_corpus(corpus))
    full = out.with_suffix(".f32.gguf")
    write_gguf(content, Encoder.load(tokenizer), corpus_fingerprint(corpus), full)
    try:
        quantize(full, out, file_type)
    finally:
        full.unlink()


def trained_tools(corpus: Corpus) -> list[str]:
    """Fingerprints of the tools that packs train, as they are when nothing about them is rewritten."""
    # The packs of unseen tools are there too, without anything to train on.
    packs = [pack for pack in (*corpus.builtin, *corpus.others) if pack.entries]
    schemas = [*corpus.builtin_tools.values(), *(tool for pack in packs for tool in pack.tools.values())]
    return sorted({tool_fingerprint(schema) for schema in schemas})


def write_gguf(content: dict[str, Any], encoder: Encoder, corpus: str, path: Path) -> None:
    """Write a checkpoint's weights, vocabulary and everything the runtime needs to know, unquantized."""
    shape = ModelShape(**content["shape"])
    writer = gguf.GGUFWriter(path, ARCHITECTURE)
    writer.add_name("Scrubjay planner")
    writer.add_license("apache-2.0")
    writer.add_context_length(CONTEXT_LENGTH)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    _write_vocabulary(writer, encoder)
    writer.add_string("scrubjay.dialect", DIALECT)
    writer.add_bool("scrubjay.parallel_segments", True)
    writer.add_bool("scrubjay.evidence", True)
    writer.add_bool("scrubjay.facts", False)
    writer.add_string("scrubjay.corpus", corpus)
    writer.add_string("scrubjay.recipe", fingerprint(content["recipe"]))
    writer.add_uint64("scrubjay.requests", content["requests"])
    writer.add_string("scrubjay.tools", " ".join(content.get("tools", ())))
    if "confidence" in content:
        names = ("scale", "offset", "new.scale", "new.offset")
        for name, value in zip(names, content["confidence"], strict=True):
            writer.add_float32(f"scrubjay.confidence.{name}", value)
    writer.add_string("scrubjay.weights", weights_fingerprint(content["model"]))
    for name, tensor in content["model"].items():
        writer.add_tensor(gguf_name(name), np.ascontiguousarray(tensor.float().numpy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def gguf_name(name: str) -> str:
    """The GGUF name of one of `PlannerModel`'s parameters."""
    if name == "embedding.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, layer, part, _ = name.split(".")
    return f"blk.{layer}.{_LAYER_NAMES[part]}.weight"


def quantize(source: Path, out: Path, file_type: str) -> None:
    """Let llama.cpp quantize `source` into `out`."""
    silence()
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = FILE_TYPES[file_type]
    parameters.pure = file_type in ("Q8_0", "F16")
    failed = llama_cpp.llama_model_quantize(str(source).encode(), str(out).encode(), ctypes.byref(parameters))
    if failed:
        raise RuntimeError(f"llama.cpp could not quantize {source} as {file_type} (code {failed})")


def fingerprint(value: Any) -> str:
    """First 16 hex digits of the SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=asdict).encode()).hexdigest()[:16]


def weights_fingerprint(weights: Mapping[str, torch.Tensor]) -> str:
    """What an adapter names its base by: the same for every quantization of the same weights."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def corpus_fingerprint(folder: Path) -> str:
    """Fingerprint of what the corpus in `folder` holds for training."""
    corpus = load_corpus(folder)
    packs = [asdict(pack) for pack in (*corpus.builtin, *corpus.others)]
    return fingerprint([packs, list(corpus.dialogues)])


def _write_vocabulary(writer: gguf.GGUFWriter, encoder: Encoder) -> None:
    parsed = json.loads(encoder.tokenizer.to_str())["model"]
    tokens = [token for token, _ in sorted(parsed["vocab"].items(), key=lambda item: item[1])]
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([control if token in SPECIAL_TOKENS else normal for token in tokens])
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in parsed["merges"]]
    writer.add_token_merges(merges)
    writer.add_bos_token_id(encoder.special[SYSTEM])
    writer.add_eos_token_id(encoder.special[END])
    writer.add_pad_token_id(encoder.special[PAD])
    writer.add_add_bos_token(False)


def make_shippable(checkpoint: Path, out: Path) -> None:
    """Write the weights alone, in bfloat16, to go on from on another machine: a sixth of a checkpoint."""
    content = load_checkpoint(checkpoint)
    content["model"] = {name: tensor.bfloat16() for name, tensor in content["model"].items()}
    del content["muon"], content["adam"]
    torch.save(content, out)
