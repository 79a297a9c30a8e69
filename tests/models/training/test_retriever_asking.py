"""A small matrix is learned that turns requests towards their tools."""

import random

import pytest
import torch

from scrubjay.models.training import retriever_asking
from scrubjay.models.training.retriever_asking import Drawn, learn
from scrubjay.models.training.retriever_data import Question


def test_requests_are_turned_towards_their_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retriever_asking, "SHARES", {"pool": 1.0})
    generator = torch.Generator().manual_seed(0)
    tools = torch.nn.functional.normalize(torch.randn(6, 16, generator=generator), dim=-1)
    crossed, _ = torch.linalg.qr(torch.randn(16, 16, generator=generator))
    asked = torch.nn.functional.normalize(tools @ crossed + 2 * tools, dim=-1)
    questions = [Question(("a",), frozenset((number,))) for number in range(6)]
    drawn = Drawn(questions, [asked[row : row + 1] for row in range(6)], tools)
    crowding = torch.zeros(6)
    before = drawn.loss(range(6), torch.eye(16), crowding)
    assert drawn.loss(range(6), learn({"pool": drawn}, asked, random.Random(0)), crowding) < before / 2


def test_a_crowded_tool_stands_further_from_its_requests() -> None:
    tools = torch.eye(4)
    drawn = Drawn([Question(("a",), frozenset((0,)))], [tools[:1]], tools)
    crowded = torch.tensor([0.9, 0.0, 0.0, 0.0])
    assert drawn.loss([0], torch.eye(4), crowded) > drawn.loss([0], torch.eye(4), torch.zeros(4))
