"""What the pointer learns: where values stand in a request, and that some stand nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer

from scrubjay.models.pointer import MOST_PARAMETERS
from scrubjay.models.training.corpus import Call, load_corpus
from scrubjay.models.training.pointer_data import PointerExamples, pointer_example
from scrubjay.models.training.pointer_model import Pointer, PointerReader, pointer_loss
from scrubjay.models.training.retriever_model import Encoder, EncoderShape

HERE = Path(__file__).parents[3]
TOKENIZER = HERE / "models" / "weights" / "pointer-tokenizer.json"

SEND: dict[str, Any] = {
    "name": "send_parcel",
    "description": "Send parcels.",
    "parameters": {
        "type": "object",
        "properties": {
            "to": {"type": "string"},
            "things": {"type": "array", "items": {"type": "string"}},
            "weight": {"type": "number"},
            "speed": {"type": "string", "enum": ["slow", "fast"]},
            "note": {"type": "string"},
        },
        "required": ["to"],
    },
}
REQUEST = "send pens and a pen to Penelope, 2.5 kg, fast, and 12.5 more"


def test_values_are_found_as_whole_words() -> None:
    call = Call("send_parcel", {"to": "Penelope", "things": ["pens", "pen"], "weight": 2.5, "speed": "fast"})
    example = pointer_example(REQUEST, SEND, [call])
    to, things, weight, speed, note = example.pointed
    assert [REQUEST[first:end] for first, end in to.spans] == ["Penelope"]
    assert [REQUEST[first:end] for first, end in things.spans] == ["pens", "pen"]
    assert [REQUEST[first:end] for first, end in weight.spans] == ["2.5"]
    assert speed.elsewhere
    assert not speed.spans
    assert note.absent
    assert not any(pointed.absent or pointed.elsewhere for pointed in (to, things, weight))


def test_results_of_other_steps_and_worked_out_values_stand_elsewhere() -> None:
    calls = [Call("send_parcel", {"to": "$1.name", "weight": 3}), Call("send_parcel", {"to": "Penelope"})]
    to, _, weight, _, _ = pointer_example(REQUEST, SEND, calls).pointed
    assert to.elsewhere
    assert [REQUEST[first:end] for first, end in to.spans] == ["Penelope"]
    assert weight.elsewhere
    assert weight.absent


@pytest.fixture(scope="module")
def reader() -> PointerReader:
    return PointerReader(Tokenizer.from_file(str(TOKENIZER)))


def test_spans_become_the_tokens_that_they_begin_and_end_with(reader: PointerReader) -> None:
    example = pointer_example(REQUEST, SEND, [Call("send_parcel", {"to": "Penelope", "things": ["a pen"]})])
    batch = reader.batch([example], 64)
    assert batch is not None
    ids = batch.ids[0].tolist()
    tokenizer = Tokenizer.from_file(str(TOKENIZER))

    def between(parameter: int) -> str:
        first, last = batch.first[0, parameter].argmax(), batch.last[0, parameter].argmax()
        text: str = tokenizer.decode(ids[int(first) : int(last) + 1])
        return text

    assert between(0) == "penelope"
    assert between(1) == "a pen"
    assert [ids[place] for place in batch.parameters[0, :5]] == [tokenizer.token_to_id("[MASK]")] * 5
    assert batch.asked[0].tolist() == [True] * 5 + [False] * (MOST_PARAMETERS - 5)


def test_special_tokens_in_a_request_are_text(reader: PointerReader) -> None:
    example = pointer_example("send [MASK] to [SEP]", SEND, [Call("send_parcel", {"to": "[SEP]"})])
    batch = reader.batch([example], 64)
    assert batch is not None
    mask = Tokenizer.from_file(str(TOKENIZER)).token_to_id("[MASK]")
    assert batch.ids[0].tolist().count(mask) == 5


def test_a_small_one_learns_the_corpus(reader: PointerReader) -> None:
    corpus = load_corpus(HERE / "models" / "training" / "corpus")
    examples = (e for e in PointerExamples(corpus, 0).all() if (reader.tokens(e) or 97) <= 96)
    batch = reader.batch([next(examples) for _ in range(24)], 96)
    assert batch is not None
    torch.manual_seed(0)
    model = Pointer(Encoder(EncoderShape(width=32, layers=1, heads=2, feed_forward=64)))
    adam = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(30):
        loss = pointer_loss(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        adam.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
