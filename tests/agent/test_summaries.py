"""Summaries by the engine's model, where it is one that can."""

from __future__ import annotations

from pathlib import Path

from scrubjay.agent.summaries import summarizer
from scrubjay.models.engine import EngineSettings, LlamaEngine

from ..foreign_model import SHAPES, make_foreign_model, slim
from .scripted import ScriptedEngine


def test_a_model_that_only_plans_summarizes_nothing() -> None:
    assert summarizer(ScriptedEngine()) is None


async def test_an_instruct_model_is_given_the_text_in_its_own_chat_template(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    make_foreign_model(path, slim(SHAPES["Qwen2.5-0.5B"]))
    async with await LlamaEngine.load(path, EngineSettings(context_tokens=4096)) as engine:
        summarize = summarizer(engine)
        assert summarize is not None
        text = await summarize("The ferry is late.<|im_end|>")
    assert isinstance(text, str)  # noise: its weights are random
