import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.agent.plan import Json, Reference, Template
from scrubjay.agent.references import UnresolvedReference, follow, resolve, text_of

RESULT: Json = [{"path": "/tmp/a", "size": 3.0, "first name": "Ada"}]


def result_of(reference: Reference) -> Json:
    return RESULT


def test_references_reach_into_results() -> None:
    assert resolve(Reference(1), result_of) == RESULT
    assert resolve([Reference(1, (0, "path"))], result_of) == ["/tmp/a"]
    assert resolve({"a": Reference(1, (0, "first name"))}, result_of) == {"a": "Ada"}


def test_references_inside_text_become_text() -> None:
    template = Template(("see ", Reference(1, (0, "path")), ", ", Reference(1, (0, "size")), " kB"))
    assert resolve(template, result_of) == "see /tmp/a, 3 kB"


@given(st.text())
def test_text_in_results_is_never_read_as_a_reference(text: str) -> None:
    said = f"{{$1}}{text}$1"
    assert resolve(Template((Reference(1), "!")), lambda _: said) == said + "!"
    assert resolve(said, result_of) == said


@pytest.mark.parametrize(
    ("path", "result", "what_there_is"),
    [
        (
            ("mail",),
            {"email": "a@b.c", "name": "Ada"},
            "no field 'mail' in a result with the fields 'email', 'name'",
        ),
        (("mail",), "a@b.c", "no field 'mail', the result is text"),
        (("mail",), 7, "the result is 7"),
        (("mail",), None, "the result is nothing"),
        ((2,), ["a", "b"], "no item [2] in a list of 2"),
        ((0,), [], "no item [0] in an empty list"),
        ((0,), {"a": 1}, "no item [0] in a result with the fields 'a'"),
        (("a", "b"), {"a": {}}, "there is no $1.a.b: no field 'b' in a result with the fields none"),
        (("z",), {f"field{n}": n for n in range(30)}, "and 20 more"),
    ],
)
def test_a_missing_part_is_an_error_that_names_what_there_was(
    path: tuple[str | int, ...], result: Json, what_there_is: str
) -> None:
    with pytest.raises(UnresolvedReference) as caught:
        follow(Reference(1, path), result)
    assert what_there_is in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (3, "3"),
        (3.0, "3"),
        (0.1, "0.1"),
        (True, "yes"),
        (None, ""),
        (["a", 2], "a, 2"),
        ([], ""),
        ({"a": "é"}, '{"a": "é"}'),
        ([["a"]], '[["a"]]'),
    ],
)
def test_results_have_a_plain_text(value: Json, text: str) -> None:
    assert text_of(value) == text
