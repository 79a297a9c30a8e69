"""Consent by voice: what is asked, and what counts as a yes."""

import pytest

from scrubjay.agent.events import ConsentAsked
from scrubjay.apps.voice.spoken_consent import clear_answer, spoken_question
from scrubjay.tools.effect import Effect


@pytest.mark.parametrize("heard", ["yes", "Yes.", "um yes please", "go ahead", "yes, do it"])
def test_a_clear_yes_allows(heard: str) -> None:
    assert clear_answer(heard) is True


@pytest.mark.parametrize(
    "heard", ["no", "no wait", "don't", "yes no", "stop", "cancel that", "yes but not now"]
)
def test_anything_that_says_no_denies(heard: str) -> None:
    assert clear_answer(heard) is False


@pytest.mark.parametrize(
    "heard", ["yesterday", "yes but to maria", "what", "", "yes i am late", "send it to bob"]
)
def test_anything_else_is_no_answer(heard: str) -> None:
    assert clear_answer(heard) is None


def test_the_question_names_the_action_and_the_target() -> None:
    question = "Send a text message (to: 555-0142; message: I'm late)?"
    asked = ConsentAsked(3, "send_sms", {"to": ["555-0142"]}, question, Effect.SEND, "r1")
    assert spoken_question(asked) == "Send a text message, to 555-0142, message I'm late? Say yes or no."
