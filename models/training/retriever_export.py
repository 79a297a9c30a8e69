"""Writes the encoder as an int8 ONNX file with its tokenizer: all that retrieval needs at run time."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from ...retrieval.embedder import MAX_TOKENS
from .retriever_model import Encoder


def export(encoder: Encoder, tokenizer: Path, folder: Path, *, quantized: bool = True) -> Path:
    """Write `encoder.onnx` and `tokenizer.json` into `folder` and return the first one's path.

    Positions behind the last token that is ever read are left out of the file, and of `encoder`.
    Inputs `ids` and `mask` are int64 (batch, length), the output `vectors` float32 (batch, width).
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "encoder.onnx"
    positions = encoder.embeddings.position_embeddings
    positions.weight = torch.nn.Parameter(positions.weight[:MAX_TOKENS].detach().clone())
    ids = torch.randint(1000, 20000, (2, 16))
    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=len(positions.weight))}
    with TemporaryDirectory() as scratch:
        plain = out if not quantized else Path(scratch) / "plain.onnx"
        torch.onnx.export(
            encoder.eval(),
            (ids, torch.ones_like(ids)),
            str(plain),
            input_names=["ids", "mask"],
            output_names=["vectors"],
            dynamo=True,
            dynamic_shapes={"ids": sizes, "mask": sizes},
            external_data=False,
        )
        if quantized:
            kinds = ["MatMul", "Gemm", "Gather"]
            quantize_dynamic(
                plain, out, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=kinds
            )
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    return out
