"""A request in a packed batch sees its own tools and nothing else, as at run time."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs the `train` extra")

from scrubjay.models.training.corpus import Call  # noqa: E402
from scrubjay.models.training.model import ModelShape, PlannerModel  # noqa: E402
from scrubjay.models.training.packing import Packer, Shape  # noqa: E402
from scrubjay.models.training.sampling import Group, Request  # noqa: E402
from scrubjay.models.training.tokenizer import Encoder, train_tokenizer  # noqa: E402

SHAPE = Shape(groups=2, tool_rows=2, request_rows=2, row=96, targets=128)


def tool(name: str, description: str = "Do it.") -> dict[str, Any]:
    properties = {"what": {"type": "string"}}
    parameters = {"type": "object", "properties": properties, "required": ["what"]}
    return {"name": name, "description": description, "parameters": parameters}


def request(name: str, what: str, *others: str) -> Request:
    return Request(f"{name} {what}", (Call(name, {"what": what}),), frozenset({name, *others}))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(train_tokenizer(["mow the lawn, paint the fence, feed the cat. Do it."] * 3, 320))


@pytest.fixture(scope="module")
def model(encoder: Encoder) -> PlannerModel:
    torch.manual_seed(1)
    model = PlannerModel(ModelShape(encoder.size, width=32, layers=2, heads=2, feed_forward=64))
    for parameter in model.parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def first_logits(model: PlannerModel, encoder: Encoder, *groups: Group) -> Any:
    """Logits at the first plan token of the first request."""
    batch = Packer(encoder, SHAPE).pack(list(groups))
    tokens, positions, segments, sees, table, index, *_ = batch.to(torch.device("cpu"))
    with torch.no_grad():
        hidden = model.hidden(tokens, positions, segments, sees, table).flatten(0, 1)[index[0]]
        return hidden @ model.embedding.weight.T


MOW, PAINT, FEED = tool("mow"), tool("paint"), tool("feed")
OTHER = Group((PAINT,), (request("paint", "fence"),))


def test_the_order_of_the_tools_does_not_matter(model: PlannerModel, encoder: Encoder) -> None:
    asked = (request("mow", "lawn", "paint"),)
    one = first_logits(model, encoder, Group((MOW, PAINT, FEED), asked), OTHER)
    other = first_logits(model, encoder, Group((FEED, PAINT, MOW), asked), OTHER)
    assert torch.allclose(one, other, atol=1e-4)


def test_a_tool_that_is_not_offered_changes_nothing(model: PlannerModel, encoder: Encoder) -> None:
    asked = (request("mow", "lawn", "paint"),)
    one = first_logits(model, encoder, Group((MOW, PAINT, FEED), asked), OTHER)
    other = first_logits(model, encoder, Group((MOW, PAINT, tool("feed", "Give it food.")), asked), OTHER)
    assert torch.equal(one, other)


def test_an_offered_tool_is_read(model: PlannerModel, encoder: Encoder) -> None:
    asked = (request("mow", "lawn", "paint"),)
    one = first_logits(model, encoder, Group((MOW, PAINT), asked), OTHER)
    other = first_logits(model, encoder, Group((MOW, tool("paint", "Paint the cat.")), asked), OTHER)
    assert not torch.allclose(one, other, atol=1e-3)


def test_requests_and_groups_do_not_see_each_other(model: PlannerModel, encoder: Encoder) -> None:
    first = request("mow", "lawn")
    alone = first_logits(model, encoder, Group((MOW, PAINT), (first,)), OTHER)
    more = Group((MOW, PAINT), (first, request("paint", "fence"), request("mow", "cat")))
    elsewhere = Group((FEED,), (request("feed", "cat"),))
    assert torch.allclose(alone, first_logits(model, encoder, more, elsewhere), atol=1e-5)


def test_what_does_not_fit_is_left_out_whole(encoder: Encoder) -> None:
    long = request("mow", "the lawn and the fence and the cat " * 20)
    batch = Packer(encoder, SHAPE).pack([Group((MOW,), (long, request("mow", "lawn"))), OTHER])
    assert batch.requests == 2
    assert batch.weight.sum() == sum(
        len(Packer(encoder, SHAPE).plan_ids(r)) for r in (request("mow", "lawn"), *OTHER.requests)
    )
