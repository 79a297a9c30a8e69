"""The compiled attention gives what masks give, and so do its gradients."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from scrubjay.models.training.attention import (
    attention,
    kernel,
    masked_attention,
    masks,
)
from scrubjay.models.training.corpus import load_corpus
from scrubjay.models.training.packing import Packer, Shape
from scrubjay.models.training.sampling import Mix, Sampler
from scrubjay.models.training.tokenizer import Encoder

TRAINING = Path(__file__).parents[3] / "models" / "training"


@pytest.mark.skipif(kernel() is None, reason="there is no C++ compiler")
def test_the_kernel_and_masks_agree_on_values_and_gradients() -> None:
    shape = Shape(groups=2, tool_rows=2, request_rows=3)
    packer = Packer(Encoder.load(TRAINING / "start" / "tokenizer.json"), shape)
    sampler = Sampler(load_corpus(TRAINING / "corpus"), seed=3)
    batch = packer.pack([sampler.group(Mix(public=0), 20) for _ in range(shape.groups)])
    _, _, segments, sees, table, *_ = batch.to(torch.device("cpu"))
    torch.manual_seed(0)
    sizes = (*segments.shape, 4, 64)
    q, k, v = (torch.randn(sizes).bfloat16().requires_grad_() for _ in range(3))
    pull = torch.randn(sizes) * (segments >= 0)[..., None, None]
    with torch.autocast("cpu", torch.bfloat16):
        got = attention(segments, sees, table, 64)(q, k, v)
    slopes = torch.autograd.grad(got, (q, k, v), pull.bfloat16())
    wide = [x.detach().float().requires_grad_() for x in (q, k, v)]
    tool_mask, request_mask = masks(segments, sees)
    expected = masked_attention(wide[0], wide[1], wide[2], tool_mask, request_mask)
    expected_slopes = torch.autograd.grad(expected, wide, pull.bfloat16().float())
    real = segments >= 0
    assert torch.allclose(got[real].float(), expected[real], atol=0.02, rtol=0.02)
    for ours, theirs in zip(slopes, expected_slopes, strict=True):
        assert torch.allclose(ours[real].float(), theirs[real], atol=0.04, rtol=0.02)
