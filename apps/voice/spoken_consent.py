"""Consent by voice: a question that names action and target, and what counts as a clear answer to it."""

from __future__ import annotations

import re

from ...agent.events import ConsentAsked

CHOICE = "Say yes or no."

_YES = frozenset([
    "yes", "yes please", "yeah", "yep", "yes do it", "yes go ahead", "go ahead", "do it", "yes send it",
    "send it", "yes i do", "yes allow it", "allow it", "sure", "yes sure", "sure go ahead", "okay", "ok",
    "okay do it", "confirm", "yes confirm", "please do", "of course",
])  # fmt: skip
_NO_WORDS = frozenset(
    ["no", "nope", "don't", "not", "never", "stop", "cancel", "wait", "wrong", "abort", "leave", "forget"]
)
_FILLERS = frozenset(["um", "uh", "er", "erm", "well", "oh", "hmm", "please", "thanks", "thank", "you"])


def spoken_question(asked: ConsentAsked) -> str:
    """The question as it is said: "Send a text message, to 555-0142, message I'm late? Say yes or no." """
    text = asked.question.replace(" (", ", ").replace(")", "").replace(";", ",").replace(": ", " ")
    return f"{text} {CHOICE}"


def clear_answer(heard: str) -> bool | None:
    """True for a clear yes, False for anything that says no, None when it is neither.

    A yes must be all that was said: "yes but to Maria" and "yesterday" allow nothing.
    """
    words = re.sub(r"[^\w' ]", " ", heard.lower()).split()
    if _NO_WORDS & {*words}:
        return False
    said = " ".join(words)
    telling = " ".join(word for word in words if word not in _FILLERS)
    if said in _YES or telling in _YES:
        return True
    return None
