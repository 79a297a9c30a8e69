"""The weights that an adapter stands on, out of a checkpoint or a planner's GGUF file."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import torch

from ...adapter_file import base_identity
from ...metadata import read_metadata
from ..export import gguf_name, weights_fingerprint
from ..model import ModelShape, PlannerModel
from ..train import load_checkpoint


def base_weights(path: Path) -> tuple[dict[str, torch.Tensor], ModelShape, str]:
    """Weights, shape, and the name by which a planner's file knows its weights.

    Quantized weights of a GGUF file are taken as they are, which is what the runtime computes with.
    Raises FileNotFoundError.
    """
    if path.suffix != ".gguf":
        content = load_checkpoint(path)
        if not content:
            raise FileNotFoundError(f"{path} does not exist; name a planner's checkpoint or GGUF file")
        weights = {name: tensor.float() for name, tensor in content["model"].items()}
        return weights, ModelShape(**content["shape"]), weights_fingerprint(weights)
    metadata = read_metadata(path)
    architecture = metadata["general.architecture"]
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}

    def number(key: str) -> int:
        return int(metadata[f"{architecture}.{key}"])

    shape = ModelShape(
        vocabulary=int(tensors["token_embd.weight"].shape[1]),
        width=number("embedding_length"),
        layers=number("block_count"),
        heads=number("attention.head_count"),
        feed_forward=number("feed_forward_length"),
        rope_base=float(metadata[f"{architecture}.rope.freq_base"]),
    )
    weights = {}
    for name in PlannerModel(shape).state_dict():
        tensor = tensors[gguf_name(name)]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        weights[name] = torch.from_numpy(np.array(values, np.float32))
    return weights, shape, base_identity(metadata)
