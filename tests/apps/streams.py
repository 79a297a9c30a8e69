"""Event streams as an agent would send them."""

from scrubjay.agent.events import (
    AnswerText,
    ConsentAnswered,
    ConsentAsked,
    Event,
    PlanReady,
    PlanText,
    RequestFinished,
    RequestStarted,
    Status,
    StepFailed,
    StepFinished,
    StepPlanned,
    StepStarted,
    Timings,
    ToolsChosen,
)
from scrubjay.agent.plan import Plan, Reference, Step, print_step
from scrubjay.tools.effect import Effect

LOOK_UP = Step(1, "get_phone_number", {"name": "Sid"})
SEND = Step(2, "send_sms", {"to": [Reference(1)], "message": "running late"})


def texting(phone: str = "555-0101", allowed: bool = True) -> list[Event]:
    """A look-up, then a message that needs consent."""
    sending: list[Event] = [StepStarted(2, 90.0, {"to": [phone]}), StepFinished(2, "Message sent", 95.0)]
    return [
        RequestStarted("text Sid I'm running late", "main", "r1"),
        ToolsChosen(("get_phone_number", "send_sms"), 1.0),
        PlanText(print_step(LOOK_UP)),
        StepPlanned(LOOK_UP),
        StepStarted(1, 20.0, {"name": "Sid"}),
        PlanText(print_step(SEND)[:9]),
        PlanText(print_step(SEND)[9:] + "done\n"),
        StepPlanned(SEND),
        PlanReady(Plan((LOOK_UP, SEND)), 40, 60.0),
        StepFinished(1, phone, 80.0),
        ConsentAsked(2, "send_sms", {"to": [phone]}, f"Send “running late” to {phone}?", Effect.SEND, "r1"),
        ConsentAnswered(2, allowed),
        *(sending if allowed else []),
        AnswerText("Message sent."),
        RequestFinished(Status.DONE, "Message sent.", Timings(10.0, 20.0, 60.0, 96.0, 40, 1)),
    ]


def failing(error: str) -> list[Event]:
    """A look-up that fails."""
    return [
        RequestStarted("text Sid I'm running late", "main", "r1"),
        StepPlanned(LOOK_UP),
        StepStarted(1, 20.0, {"name": "Sid"}),
        StepFailed(1, error, 25.0),
        RequestFinished(Status.FAILED, "That did not work.", Timings()),
    ]
