"""What the pointer says of a tool's arguments decides between texts, and never what the grammar allows."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.agent.argument_weights import ArgumentWeights, used_before
from scrubjay.agent.pointing import LinePreference, Pointings
from scrubjay.models.pointer import Pointed, Pointing

SCHEMA = {
    "properties": {
        "to": {"type": "string"},
        "text": {"type": "string"},
        "copies": {"type": "integer"},
        "also": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["to", "text"],
}
LIKELY, UNLIKELY = math.log(0.9), math.log(0.02)
NOTHING = Pointed(LIKELY, UNLIKELY, ())
TEXTS = Pointing(
    (
        Pointed(-9.0, UNLIKELY, (("Sid", LIKELY), ("Lutfi", UNLIKELY))),
        Pointed(-9.0, UNLIKELY, (('the "big" one', LIKELY), ("late", UNLIKELY))),
        NOTHING,
        Pointed(UNLIKELY, UNLIKELY, (("Ana", math.log(0.4)), ("Bo", math.log(0.4)))),
    ),
)


def weights() -> ArgumentWeights:
    return ArgumentWeights(SCHEMA, TEXTS, {})


def test_the_text_that_was_pointed_at_is_worth_most() -> None:
    of = weights().weight
    assert of(b'to="Sid"') == 0.0 > of(b'to="Lutfi"') > of(b'to="anything else"')
    assert of(b'to="Sid"') > of(b"to=$1") > of(b'to="anything else"')


def test_a_text_that_is_still_open_has_the_best_that_it_can_become() -> None:
    of = weights().weight
    assert of(b'to="S') == of(b'to="') == of(b"to=") == of(b"") == 0.0
    assert of(b'to="L') == of(b'to="Lutfi"')
    assert of(b'to="Sidney') == of(b'to="x"')


def test_texts_are_compared_as_they_are_written_in_a_plan() -> None:
    of = weights().weight
    assert of(b'to="Sid", text="the \\"big\\" one"') == 0.0
    assert of(b'to="Sid", text="the \\"bi') == 0.0


def test_an_optional_argument_is_left_out_or_written_as_the_pointer_has_it() -> None:
    of, begun = weights().weight, b'to="Sid", text="late"'
    assert of(begun + b', also=["Ana"])') > of(begun + b")")
    assert of(begun + b', also=["Ana"])') > of(begun + b', copies=2, also=["Ana"])')
    assert of(begun + b', also=["Ana"') == of(begun + b', also=["Ana", "B') > of(begun + b', also=["Cy')


def test_two_arguments_of_a_call_are_seldom_the_same_words() -> None:
    schema = {
        "properties": {name: {"type": "string"} for name in ("drone", "to")},
        "required": ["drone", "to"],
    }
    either = Pointed(-9.0, UNLIKELY, (("the old Kestrel", LIKELY), ("the barn", math.log(0.3))))
    of = ArgumentWeights(schema, Pointing((either, either)), {}).weight
    assert of(b'drone="the old Kestrel", to="the barn"') > of(
        b'drone="the old Kestrel", to="the old Kestrel"'
    )
    assert of(b'drone="Kestrel", to="the barn"') > of(b'drone="Kestrel", to="the old Kestrel"')


def test_numbers_are_read_however_they_are_said() -> None:
    said = Pointed(
        UNLIKELY, UNLIKELY, (("twenty five copies", LIKELY), ("$1,200.50", UNLIKELY), ("Sid", -3.0))
    )
    schema = {"properties": {"copies": {"type": "number"}}, "required": ["copies"]}
    of = ArgumentWeights(schema, Pointing((said,)), {}).weight
    assert of(b"copies=25)") == of(b"copies=2") == 0.0 > of(b"copies=1200.5)") > of(b"copies=3)") - 9.0
    assert of(b"copies=25)") > of(b"copies=2)")


def test_what_another_call_of_the_tool_took_is_worth_less_now() -> None:
    used = used_before(['$1 = send(to="Sid", text="late")\n'])
    assert used == {b"send": {b"to": {b"Sid"}, b"text": {b"late"}}}
    again = ArgumentWeights(SCHEMA, TEXTS, used[b"send"]).weight
    assert again(b'to="Lutfi"') - again(b'to="Sid"') > weights().weight(b'to="Lutfi"')


PIECES = st.sampled_from(
    [b"to", b"=", b'"', b"Sid", b"Lut", b"fi", b", ", b"text", b"copies", b"3", b")", b"[", b"$1", b"\\"]
)


@given(st.lists(PIECES, max_size=12), PIECES)
def test_whatever_is_written_a_piece_is_worth_what_the_whole_line_is(
    written: list[bytes], piece: bytes
) -> None:
    line = b"".join(written)
    of = weights()
    assert math.isclose(of.weights(line, [piece])[0], of.weight(line + piece), abs_tol=1e-4)
    assert -200.0 < of.weight(line + piece) <= 0.0


def test_a_line_is_weighed_by_its_beginning_and_then_by_its_arguments() -> None:
    schemas = {"send": {"parameters": SCHEMA}}
    line = LinePreference(
        {"$1 = send(": 2.0, "none": 0.0}, Pointings("text Sid", schemas, lambda request, schema: TEXTS)
    )
    assert line.speaks(b"")
    assert line.speaks(b"$1 = send(to=")
    assert not line.speaks(b"$1 = other(")
    past, wrong = line.weights(b"", [b"$1 = send(", b'$1 = send(to="L'])
    assert past == 2.0 > wrong
    by_name = dict(zip((b"Sid", b"L"), line.weights(b'$1 = send(to="', [b"Sid", b"L"]), strict=True))
    assert by_name[b"Sid"] > by_name[b"L"]
