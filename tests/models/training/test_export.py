"""What was trained is what llama.cpp runs: the exported file gives the trainer's own logits."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the `train` extra")

import llama_cpp  # noqa: E402

from scrubjay.models.training.export import write_gguf  # noqa: E402
from scrubjay.models.training.model import ModelShape, PlannerModel  # noqa: E402
from scrubjay.models.training.packing import Packer, Shape  # noqa: E402
from scrubjay.models.training.sampling import Group, Request  # noqa: E402
from scrubjay.models.training.tokenizer import Encoder, train_tokenizer  # noqa: E402

TOOLS: tuple[dict[str, Any], ...] = tuple(
    {
        "name": name,
        "description": f"Do {name} to it.",
        "parameters": {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
    }
    for name in ("paint_fence", "mow", "water_the_plants")
)


@pytest.fixture
def encoder() -> Encoder:
    texts = ["paint the fence and water the plants", *(tool["name"] for tool in TOOLS)] * 3
    return Encoder(train_tokenizer(texts, 400))


@pytest.fixture
def model(encoder: Encoder) -> PlannerModel:
    torch.manual_seed(3)
    model = PlannerModel(ModelShape(encoder.size, width=64, layers=2, heads=2, feed_forward=128))
    for parameter in model.parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=0.2)
    return model


def test_llama_cpp_gives_the_trainers_logits_for_composed_tool_segments(
    tmp_path: Path, encoder: Encoder, model: PlannerModel
) -> None:
    request = Request("mow, then paint the fence", (), frozenset({"paint_fence", "mow"}))
    packer = Packer(encoder, Shape(groups=1, tool_rows=1, request_rows=1, row=192, targets=64))
    batch = packer.pack([Group(TOOLS, (request,))])
    with torch.no_grad():
        tokens, positions, segments, sees, table, index, *_ = batch.to(torch.device("cpu"))
        hidden = model.hidden(tokens, positions, segments, sees, table).flatten(0, 1)[index[0]]
        expected = (hidden.float() @ model.embedding.weight.T).numpy()
    content = {"shape": asdict(model.shape), "recipe": {}, "requests": 0, "model": model.state_dict()}
    write_gguf(content, encoder, "test", tmp_path / "model.gguf")
    got = _composed_logits(
        tmp_path / "model.gguf",
        encoder.special["<|system|>"],
        [packer.tool_ids(TOOLS[0]), packer.tool_ids(TOOLS[1])],
        packer.prompt_ids(request),
    )
    assert np.abs(got - expected).max() < 0.05 * np.abs(expected).max()
    assert got.argmax() == expected.argmax()


def test_the_exported_vocabulary_splits_text_as_training_did(
    tmp_path: Path, encoder: Encoder, model: PlannerModel
) -> None:
    content = {"shape": asdict(model.shape), "recipe": {}, "requests": 0, "model": model.state_dict()}
    write_gguf(content, encoder, "test", tmp_path / "model.gguf")
    llm = _load(tmp_path / "model.gguf")
    vocabulary = llama_cpp.llama_model_get_vocab(llm)
    for text in (
        "Grüße, 12 plants!\n",
        '$1 = mow(what="a\\"b")\n',
        "<|plan|> is text",
        "  two  spaces",
        "日本語 👩‍🚀",
    ):
        data = text.encode()
        room = (llama_cpp.llama_token * 256)()
        count = llama_cpp.llama_tokenize(vocabulary, data, len(data), room, 256, False, False)
        assert list(room[:count]) == encoder(text)
    llama_cpp.llama_model_free(llm)


def _load(path: Path) -> object:
    parameters = llama_cpp.llama_model_default_params()
    parameters.use_extra_bufts = False
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
    assert model
    return model


def _composed_logits(path: Path, system: int, tools: list[list[int]], prompt: list[int]) -> np.ndarray:
    """Each tool in a sequence of its own, copied into sequence 0, the prompt after the longest."""
    model = _load(path)
    settings = llama_cpp.llama_context_default_params()
    settings.n_ctx, settings.n_seq_max, settings.kv_unified = 512, len(tools) + 1, True
    settings.type_k = settings.type_v = 0  # f32
    settings.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context = llama_cpp.llama_init_from_model(model, settings)
    memory = llama_cpp.llama_get_memory(context)

    def decode(ids: list[int], start: int, sequence: int) -> None:
        batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, start + i, 1
            batch.seq_id[i][0], batch.logits[i] = sequence, i == len(ids) - 1
        assert llama_cpp.llama_decode(context, batch) == 0

    decode([system], 0, 1)
    for number in range(2, len(tools) + 1):
        llama_cpp.llama_memory_seq_cp(memory, 1, number, 0, 1)
    for number, ids in enumerate(tools, 1):
        decode(ids, 1, number)
        llama_cpp.llama_memory_seq_cp(memory, number, 0, -1, -1)
    decode(prompt, 1 + max(map(len, tools)), 0)
    size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, -1), (size,)).copy()
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    return logits
