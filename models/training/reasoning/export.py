"""Writes a trained adapter as a LoRA GGUF file that llama.cpp applies, and reads one to train it on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import gguf
import numpy as np
import torch

from ...adapter_file import BASE, INVOCATION, KIND, SUMS, TOOLS
from ...dialects import THINK
from ...metadata import read_metadata
from ..export import ARCHITECTURE, gguf_name
from ..tokenizer import Encoder
from ..train import load_checkpoint
from .examples import MOST_TOOLS

EXAMPLES = "scrubjay.adapter.examples"
_ABOUT = {
    "reasoning": "Works out dates, times, amounts, counts and choices in short lines before it plans.",
    "answers": "Picks what was asked for from the record that a tool returned.",
}


def export(checkpoint: Path, tokenizer: Path, out: Path) -> None:
    """Write `adapter.pt` to `out`, in 16 bits. Raises FileNotFoundError."""
    content = load_checkpoint(checkpoint)
    if not content:
        raise FileNotFoundError(f"{checkpoint} does not exist: train first (`... reasoning train`)")
    writer = gguf.GGUFWriter(out, ARCHITECTURE)
    writer.add_type("adapter")
    writer.add_name(f"Scrubjay {content['kind']}")
    writer.add_description(_ABOUT[content["kind"]])
    writer.add_license("apache-2.0")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(content["rank"]))  # llama.cpp divides by the rank
    think = [Encoder.load(tokenizer).special[THINK]]
    writer.add_key_value(INVOCATION, think, gguf.GGUFValueType.ARRAY, sub_type=gguf.GGUFValueType.UINT32)
    writer.add_string(BASE, content["base"])
    writer.add_string(KIND, content["kind"])
    if content["kind"] == "reasoning":
        writer.add_bool(SUMS, True)
        writer.add_uint32(TOOLS, MOST_TOOLS)
    writer.add_uint64(EXAMPLES, content["examples"])
    for name, tensor in sorted(content["adapter"].items()):
        writer.add_tensor(_lora_name(name), np.ascontiguousarray(tensor.half().numpy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def exported(path: Path, names: Iterable[str]) -> tuple[dict[str, torch.Tensor], int]:
    """The matrices of an exported adapter by a checkpoint's `names`, and how many examples it has seen.

    Raises KeyError where the file lacks one.
    """
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    matrices = {name: torch.from_numpy(tensors[_lora_name(name)].data.astype(np.float32)) for name in names}
    return matrices, int(read_metadata(path)[EXAMPLES])


def _lora_name(name: str) -> str:
    """`a.3_query`, as checkpoints have it, in the words of GGUF."""
    side, place = name.split(".")
    layer, part = place.split("_", 1)
    return f"{gguf_name(f'blocks.{layer}.{part}.weight')}.lora_{side}"
