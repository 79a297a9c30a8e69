from hypothesis import given
from hypothesis import strategies as st

from scrubjay.agent.plan import Plan, Reference, Step, Template, print_plan, print_string
from scrubjay.agent.reader import parse_plan

from .plans import plans


@given(plans())
def test_a_plan_prints_and_reads_back_to_itself(plan: Plan) -> None:
    text = print_plan(plan)
    assert parse_plan(text) == plan
    assert print_plan(parse_plan(text)) == text


@given(st.text())
def test_text_of_a_user_never_becomes_a_reference(text: str) -> None:
    said = f"{{$1}} {text} {{$0.1}}"
    plan = Plan((Step(1, "look"), Step(2, "say", {"text": said})))
    read = parse_plan(print_plan(plan))
    assert read.steps[1].args == {"text": said}
    assert not list(read.steps[1].references())


def test_the_text_is_exactly_the_language_that_models_are_trained_on() -> None:
    plan = Plan(
        (
            Step(1, "get_email_address", {"name": "Sid"}),
            Step(
                2,
                "files/read",
                {
                    "title": 'Sync é "x"\n',
                    "to": [Reference(1), "x@y.z"],
                    "count": 3,
                    "ok": True,
                    "spot": {"lat": 1.5, "label": None},
                    "path": Reference(1, (0, "path")),
                    "note": Template(
                        ("see ", Reference(1, ("email",)), " {$", Reference(2, (), previous_turn=True))
                    ),
                },
            ),
        )
    )
    assert print_plan(plan) == (
        '$1 = get_email_address(name="Sid")\n'
        '$2 = files/read(title="Sync é \\"x\\"\\n", to=[$1, "x@y.z"], count=3, ok=true, '
        'spot={"lat": 1.5, "label": null}, path=$1[0].path, note="see {$1.email} {\\u0024{$0.2}")\n'
        "done\n"
    )
    assert print_plan(Plan()) == "none\n"
    assert print_string("{$1}") == '"{\\u00241}"'
