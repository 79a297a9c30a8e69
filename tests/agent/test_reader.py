from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrubjay.agent.plan import Plan, Reference, Step, Template, print_plan
from scrubjay.agent.reader import PlanReader, PlanSyntaxError, parse_plan

from .plans import plans


def read(chunks: list[bytes]) -> tuple[list[Step], bool, str | None]:
    """What a reader has after these chunks: its steps, whether it is finished, and the error's text."""
    reader = PlanReader()
    try:
        for chunk in chunks:
            reader.feed(chunk)
    except PlanSyntaxError as error:
        return reader.steps, reader.finished, str(error)
    return reader.steps, reader.finished, None


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


@given(plans(), st.lists(st.integers(min_value=0)))
def test_the_steps_are_the_same_however_the_stream_is_cut(plan: Plan, places: list[int]) -> None:
    data = print_plan(plan).encode()
    assert read(cut(data, places)) == (list(plan.steps), True, None)


@given(plans(), st.binary(max_size=8), st.integers(min_value=0), st.lists(st.integers(min_value=0)))
def test_broken_plans_give_the_same_error_however_the_stream_is_cut(
    plan: Plan, noise: bytes, where: int, places: list[int]
) -> None:
    data = print_plan(plan).encode()
    where %= len(data) + 1
    data = data[:where] + noise + data[where:]
    assert read(cut(data, places)) == read([data])


@given(st.binary() | st.text(alphabet='$12=f(a"{[}]:,.-e) \n\\ud8tru').map(str.encode))
@example(b"$1 = f(a=" + b"[" * 100_000 + b"\n")
@example(b"$1 = f(a=" + b"9" * 100_000 + b")\n")
@example(b"$1 = f(a=1e999)\n")
@example(b'$1 = f(a="\\ud800")\n')
@example("$\u0661 = f()\n".encode())
def test_no_bytes_make_the_reader_crash(data: bytes) -> None:
    steps, _, _ = read([data])
    assert all(isinstance(step, Step) for step in steps)


def test_a_step_comes_out_as_soon_as_its_line_ends() -> None:
    reader = PlanReader()
    assert reader.feed("$1 = f(a=1") == []
    assert reader.feed(")") == []
    assert reader.feed("\n$2") == [Step(1, "f", {"a": 1})]
    assert not reader.finished
    assert reader.feed(" = g(x=$1)\ndone\n") == [Step(2, "g", {"x": Reference(1)})]
    assert reader.finished
    assert reader.close() == Plan((Step(1, "f", {"a": 1}), Step(2, "g", {"x": Reference(1)})))


def test_characters_of_several_bytes_may_be_cut() -> None:
    reader = PlanReader()
    steps = [step for byte in '$1 = f(a="naïve 🐦")\n'.encode() for step in reader.feed(bytes([byte]))]
    assert steps == [Step(1, "f", {"a": "naïve 🐦"})]


def test_a_megabyte_in_one_line_is_read_in_one_go() -> None:
    text = "x" * 1_000_000
    assert parse_plan(f'$1 = f(a="{text}")\ndone\n').steps[0].args == {"a": text}


def test_references_in_text_keep_their_paths() -> None:
    plan = parse_plan('$1 = f()\n$2 = g(t="a {$1[0].path} b{$0.3}")\ndone')
    expected = Template(("a ", Reference(1, (0, "path")), " b", Reference(3, (), previous_turn=True)))
    assert plan.steps[1].args == {"t": expected}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("done\n", "a plan without steps is `none`"),
        ("$1 = f()\nnone\n", "`none` stands alone"),
        ("none\n$1 = f()\n", "nothing may follow"),
        ("none\nx", "nothing may follow"),
        ("$2 = f()\n", "steps are numbered in order: $1"),
        ("$1 = f(a=$1)\n", "$1 is not an earlier step"),
        ("$1 = f(a=$2)\n", "$2 is not an earlier step"),
        ('$1 = f()\n$2 = f(a="costs {$5m}")\n', "$5 is not an earlier step"),
        ('$1 = f()\n$2 = f(a="{$x}")\n', "expected a reference"),
        ('$1 = f()\n$2 = f(a="{$1 or so}")\n', "a literal {$ as"),
        ("$1 = f(a=1, a=2)\n", "given twice"),
        ('$1 = f(a={"b": 1, "b": 2})\n', "given twice"),
        ('$1 = f()\n$2 = f(a={"{$1}": 1})\n', "a name cannot hold a reference"),
        ("$1 = f(a=True)\n", "expected a value"),
        ("$1 = f(a='x')\n", "expected a value"),
        ("$1 = f(a=NaN)\n", "expected a value"),
        ("$1 = f(a=1)x\n", "expected the end of the line"),
        ("$1 = f(a=1\n", "expected `,`, found the end of the line"),
        ("$1 = f(1)\n", "expected an argument's name"),
        ("Sure! Here is the plan:\n", "expected a step like"),
        ("$1 = f()\r\n", "expected the end of the line"),
        (f"$1 = f(a={'[' * 99})\n", "nested deeper than"),
    ],
)
def test_what_is_wrong_is_said_with_the_line(text: str, problem: str) -> None:
    with pytest.raises(PlanSyntaxError) as caught:
        PlanReader().feed(text)
    assert problem in str(caught.value)
    assert f"line {caught.value.line}" in str(caught.value)


def test_a_plan_that_stops_early_is_an_error_when_the_stream_ends() -> None:
    reader = PlanReader()
    reader.feed("$1 = f()\n$2 = g(")
    with pytest.raises(PlanSyntaxError, match="stops before `done`"):
        reader.close()
    assert reader.steps == [Step(1, "f")]


def test_a_broken_plan_stays_broken() -> None:
    reader = PlanReader()
    with pytest.raises(PlanSyntaxError):
        reader.feed("what?\n")
    with pytest.raises(PlanSyntaxError, match="line 1"):
        reader.feed("$1 = f()\n")
