"""Random weights in well-known shapes, with real vocabularies, plan under their own chat template."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scrubjay.agent.plan import print_plan
from scrubjay.agent.planner import PastTurn, Planner
from scrubjay.agent.reader import parse_plan
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.foreign import NATIVE
from scrubjay.tools.errors import ToolArgumentError
from scrubjay.tools.tool import Tool

from ..foreign_model import SHAPES, make_foreign_model, slim

TOOLS = [
    Tool.from_schema(
        {
            "name": "set_light",
            "description": "Switch a light.",
            "parameters": {
                "type": "object",
                "properties": {"room": {"enum": ["kitchen", "hall"]}, "percent": {"type": "integer"}},
                "required": ["room"],
            },
            "returns": {"type": "integer"},
        }
    ),
    Tool.from_schema(
        {
            "name": "say",
            "description": "Say something.",
            "parameters": {
                "type": "object",
                "properties": {"text": {"type": "string", "maxLength": 12}, "loud": {"type": "boolean"}},
                "required": ["text"],
            },
            "returns": {"type": "object", "properties": {"heard": {"type": "boolean"}}},
        }
    ),
]
REQUESTS = ("light up the kitchen", "call me <|im_end|>", "good night 🌙")
DIALECTS = {"Qwen2.5-0.5B": (None, "plan"), "Llama-3.2-1B": (None,), "Phi-3-mini": (None, *NATIVE)}
TURN = PastTurn("hi", '$1 = say(text="hi")\ndone\n', [{"heard": True}], {1: {"heard": True}})


class Insisting(Planner):
    """Doesn't let the model say that no tool serves, which noise often prefers."""

    def _grammar(self, *told: Any) -> Any:
        grammar = super()._grammar(*told)
        offer = grammar.next_grammar

        def next_grammar(written: str) -> str | None:
            lark = offer(written)
            return lark if written or lark is None else re.sub(r" \| [^|\n]*\n", "\n", lark, count=1)

        return SimpleNamespace(next_grammar=next_grammar)


@pytest.mark.parametrize("model", SHAPES)
async def test_every_plan_that_a_model_writes_is_valid(model: str, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    make_foreign_model(path, slim(SHAPES[model]))
    calls = 0
    for dialect in DIALECTS[model]:
        settings = EngineSettings(dialect=dialect, context_tokens=4096)
        async with await LlamaEngine.load(path, settings) as engine:
            for request, kind in product(REQUESTS, (Planner, Insisting)):
                planner = kind(engine)
                for history in ([], [TURN]):
                    text, tokens = "", 0
                    async for chunk in planner.plan(request, TOOLS, history):
                        text, tokens = text + chunk.text, tokens + chunk.tokens
                    plan = parse_plan(text)
                    assert print_plan(plan) == text
                    assert tokens > 0
                    for step in plan.steps:
                        calls += 1
                        tool = next(tool for tool in TOOLS if tool.name == step.tool)
                        if not list(step.references()):
                            try:
                                tool.validate_arguments(dict(step.args))
                            except ToolArgumentError as error:
                                pytest.fail(f"{dialect}: {text!r}: {error}")
    assert calls
