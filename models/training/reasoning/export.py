"""Writes a trained adapter as a LoRA GGUF file that llama.cpp applies."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from ...adapter_file import BASE, INVOCATION, KIND
from ...dialects import THINK
from ..export import ARCHITECTURE, gguf_name
from ..tokenizer import Encoder
from ..train import load_checkpoint

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
    writer.add_uint64("scrubjay.adapter.examples", content["examples"])
    for name, tensor in sorted(content["adapter"].items()):
        side, place = name.split(".")
        layer, part = place.split("_", 1)
        target = gguf_name(f"blocks.{layer}.{part}.weight")
        writer.add_tensor(f"{target}.lora_{side}", np.ascontiguousarray(tensor.half().numpy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
