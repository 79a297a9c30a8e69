"""What `scrubjay.testing` promises to people who test their tools without a model."""

import asyncio
import time

import pytest

from scrubjay import Agent, Answer, Tool, tool
from scrubjay.agent.events import Status
from scrubjay.agent.outcome import StepStatus
from scrubjay.agent.policy import Policy
from scrubjay.testing import CallFailed, Consent, Script, ScriptedPlanner, ScriptError, call
from scrubjay.tools.errors import ToolArgumentError, ToolFailed, ToolResultError


@tool(effect="read", say="{name} has {result}.")
def find_number(name: str) -> str:
    """Find somebody's phone number."""
    if name == "Nobody":
        raise ToolFailed("Nobody has no number.")
    return {"Sid": "555-0142", "Lutfi": "555-0117"}[name]


@tool(effect="send", say="Sent to {to}.")
def send_text(to: list[str], message: str) -> int:
    """Send a text message."""
    return len(to)


def served(text: str, script: Script, consent: Consent, **options: bool) -> Answer:
    async def run() -> Answer:
        planner = ScriptedPlanner(script, **options)
        async with Agent([find_number, send_text], planner, policy=Policy(consent=consent)) as agent:
            return await agent.run(text)

    return asyncio.run(run())


TEXT_SID = """
    $1 = find_number(name="Sid")
    $2 = send_text(to=[$1], message="I'm late")
"""


def test_a_scripted_plan_runs_the_real_tools_and_asks_for_consent() -> None:
    consent = Consent()
    answer = served("text Sid that I'm late", TEXT_SID, consent)
    assert answer.status is Status.DONE
    assert [step.result for step in answer.steps] == ["555-0142", 1]
    assert [asked.args["to"] for asked in consent.asked] == [["555-0142"]]


def test_consent_can_be_refused_tool_by_tool() -> None:
    answer = served("text Sid that I'm late", TEXT_SID, Consent(lambda asked: asked.tool != "send_text"))
    assert [step.status for step in answer.steps] == [StepStatus.DONE, StepStatus.DENIED]


def test_plans_can_be_chosen_by_request() -> None:
    script = {"text Sid that I'm late": TEXT_SID, "sing": "none", "call Sid": '$1 = find_number(name="Sid")'}
    assert served("sing", script, Consent()).status is Status.NOT_SERVED
    assert served("call Sid", script, Consent()).text == "Sid has 555-0142."
    with pytest.raises(ScriptError, match="no plan for the request 'dance'"):
        served("dance", script, Consent())


def test_a_function_can_write_the_plan() -> None:
    answer = served("Lutfi", lambda request: f'$1 = find_number(name="{request}")', Consent())
    assert answer.text == "Lutfi has 555-0117."


def test_plans_of_a_list_are_written_in_turn() -> None:
    planner = ScriptedPlanner(['$1 = find_number(name="Sid")', '$1 = find_number(name="Lutfi")'])

    async def run() -> list[str]:
        async with Agent([find_number], planner) as agent:
            return [(await agent.run(text)).text for text in ("one", "two", "three")]

    assert asyncio.run(run()) == ["Sid has 555-0142.", "Lutfi has 555-0117.", "Lutfi has 555-0117."]
    assert planner.requests == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ("$1 = find_numbr(name='Sid')", "line 1 goes wrong at .*r.name="),
        ('$1 = find_number(nam="Sid")', "line 1 goes wrong at '=\"Sid"),
        ('$1 = find_number(name="Sid")\n$2 = send_text(to=[$3], message="a")', "line 2 goes wrong at '3"),
        ("$1 = find_number()", "line 1 goes wrong at '\\)'"),
        ("none\n$1 = find_number()", "nothing may follow line 1"),
    ],
)
def test_a_plan_that_no_model_could_write_is_an_error_of_the_test(plan: str, problem: str) -> None:
    with pytest.raises(ScriptError, match=problem):
        served("text Sid", plan, Consent())


def test_evidence_holds_plans_to_words_of_the_request() -> None:
    plan = '$1 = find_number(name="Sid")'
    assert served("call Sid", plan, Consent(), evidence=True).status is Status.DONE
    with pytest.raises(ScriptError, match="goes wrong at"):
        served("call Lutfi", plan, Consent(), evidence=True)


def test_call_checks_arguments_and_result_as_a_step_does() -> None:
    assert call(find_number, name="Sid") == "555-0142"
    with pytest.raises(ToolArgumentError, match="name is missing"):
        call(find_number)
    with pytest.raises(ToolFailed, match="Nobody has no number"):
        call(find_number, name="Nobody")
    with pytest.raises(CallFailed, match="KeyError"):
        call(find_number, name="Ann")
    with pytest.raises(ToolResultError):
        call(Tool("lie", "Lies.", {"type": "object"}, {"type": "integer"}, function=lambda: "no number"))


def test_call_gives_up_after_the_time_out_of_the_tool() -> None:
    slow = Tool("slow", "Takes its time.", {"type": "object"}, timeout_s=0.1, function=lambda: time.sleep(5))
    with pytest.raises(CallFailed, match=r"longer than 0\.1 s"):
        call(slow)
