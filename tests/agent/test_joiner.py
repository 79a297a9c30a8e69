from dataclasses import replace

from scrubjay.agent.events import Status
from scrubjay.agent.joiner import NOTHING_SERVES, Joiner
from scrubjay.agent.outcome import Failure, Outcome, StepStatus
from scrubjay.agent.plan import Json, Reference, Step, Value
from scrubjay.tools.effect import Effect
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool


def tool(name: str, description: str, effect: Effect, say: str | None = None) -> Tool:
    return Tool(name, description, {"type": "object", "properties": {"x": {}}}, effect=effect, say=say)


TOOLS = ToolRegistry(
    [
        tool("look_up", "Look up a number by name.", Effect.READ, "The number of {x} is {result}."),
        tool("search", "Search the notes.", Effect.READ),
        tool("send", "Send a text message. It costs money.", Effect.SEND, "Texted {x}."),
        tool("clear", "Clear the list.", Effect.DESTROY),
    ]
)


def step(
    number: int, tool: str, status: StepStatus = StepStatus.DONE, *, x: Value = "Sid", **more: object
) -> Outcome:
    known: dict[str, Json] = {"x": x} if isinstance(x, str) else {"x": "555"}
    outcome = Outcome(Step(number, tool, {"x": x}), status, 1.0, args=known)
    return replace(outcome, **more)  # type: ignore[arg-type]


def answer(*rounds: list[Outcome]) -> tuple[Status, list[str]]:
    joined = Joiner(TOOLS).answer(rounds)
    return joined.status, joined.text.split("\n")


def test_each_tool_speaks_by_its_own_template() -> None:
    assert answer([step(1, "look_up", result="555"), step(2, "send", x="Ada", result="id")]) == (
        Status.DONE,
        ["The number of Sid is 555.", "Texted Ada."],
    )


def test_a_tool_without_a_template_speaks_by_its_result_or_says_that_it_is_done() -> None:
    assert answer([step(1, "search", result=["milk", "eggs"])])[1] == ["milk and eggs"]
    assert answer([step(1, "clear")])[1] == ["Done: clear the list (x: Sid)."]


def test_look_ups_for_another_step_are_not_told() -> None:
    assert answer([step(1, "look_up", result="555"), step(2, "send", x=Reference(1), result="id")])[1] == [
        "Texted 555."
    ]


def test_the_same_sentence_is_said_once() -> None:
    assert answer([step(1, "send", result=1), step(2, "send", result=2)])[1] == ["Texted Sid."]


def test_a_result_of_megabytes_does_not_fill_the_answer() -> None:
    status, lines = answer([step(1, "search", result="x" * 5_000_000)])
    assert status is Status.DONE
    assert len(lines[0]) < 3000
    assert lines[0].endswith("(cut: 5,000,000 characters in all)")


def test_what_a_tool_refused_and_what_needed_it_are_said_plainly() -> None:
    refused = step(1, "look_up", StepStatus.FAILED, problem="nobody is called Zed", failure=Failure.REFUSED)
    skipped = Outcome(Step(2, "send", {"x": Reference(1)}), StepStatus.SKIPPED, 1.0)
    other = step(3, "send", x="Ada", result="id")
    assert answer([refused, skipped, other]) == (
        Status.PARTLY,
        [
            "Texted Ada.",
            "Nobody is called Zed.",
            "Not done, since it needs what is missing: send a text message.",
        ],
    )
    assert answer([refused, skipped])[0] is Status.FAILED


def test_what_was_denied_is_said() -> None:
    status, lines = answer([step(1, "send", StepStatus.DENIED)])
    assert status is Status.FAILED
    assert lines == ["Not done, since you did not allow it: send a text message (x: Sid)."]


def test_a_question_of_a_tool_ends_the_answer() -> None:
    asked = step(1, "look_up", StepStatus.FAILED, problem="Which Sid: Jha or Rao?", failure=Failure.QUESTION)
    skipped = Outcome(Step(2, "send", {"x": Reference(1)}), StepStatus.SKIPPED, 1.0)
    status, lines = answer([asked, skipped])
    assert status is Status.ASKED
    assert lines[-1] == "Which Sid: Jha or Rao?"


def test_every_failure_says_what_to_do() -> None:
    for failure, advice in {
        Failure.PLAN: "Ask again in other words.",
        Failure.BROKEN: "Try again; if it stays so, whoever wrote the tool should know.",
        Failure.TIMED_OUT: "Try again later.",
        Failure.JOURNAL: "See that there is room on the disk, then ask again.",
    }.items():
        failed = step(1, "search", StepStatus.FAILED, problem="it broke", failure=failure)
        assert answer([failed])[1] == [f"This failed: search the notes (x: Sid). It broke. {advice}"]


def test_an_effect_that_may_have_happened_asks_to_look_first() -> None:
    failed = step(
        1, "send", StepStatus.FAILED, problem="it broke", failure=Failure.BROKEN, may_have_happened=True
    )
    assert answer([failed])[1][0].endswith("It may have happened all the same: look before you ask again.")


def test_no_steps_at_all_is_told_honestly() -> None:
    assert answer([]) == (Status.NOT_SERVED, [NOTHING_SERVES])


def test_what_was_done_in_an_earlier_round_is_told_and_what_was_mended_is_not() -> None:
    broken = step(2, "send", StepStatus.FAILED, problem="no field", failure=Failure.PLAN)
    first = [step(1, "send", x="Ada", result=1), broken, step(3, "look_up", result="555")]
    second = [
        step(4, "send", StepStatus.REPEATED, x="Ada"),
        step(5, "send", result=1),
        step(6, "look_up", result="556"),
    ]
    assert answer(first, second) == (
        Status.DONE,
        ["Texted Ada.", "Texted Sid.", "The number of Sid is 556."],
    )


def test_a_later_round_without_steps_leaves_the_answer_to_the_round_before() -> None:
    broken = step(1, "send", StepStatus.FAILED, problem="no field", failure=Failure.PLAN)
    assert answer([broken], [])[0] is Status.FAILED


def test_only_failures_that_a_plan_can_mend_ask_for_another_round() -> None:
    wrong = step(1, "send", StepStatus.FAILED, problem="no field", failure=Failure.PLAN)
    refused = step(2, "send", StepStatus.FAILED, problem="no such person", failure=Failure.REFUSED)
    assert Joiner(TOOLS).why_again([[wrong, refused]]) == "step 1: no field"
    assert Joiner(TOOLS).why_again([[wrong], [refused]]) is None
    mends = frozenset({Failure.PLAN, Failure.REFUSED})
    assert Joiner(TOOLS, mends).why_again([[refused]]) == "step 2: no such person"
