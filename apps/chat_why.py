"""`/why`: the last plan, and where each of its values came from."""

from rich.text import Text

from ..agent.plan import print_step
from .chat_talk import Talk
from .display import safe_text


async def why(talk: Talk, _: str) -> None:
    """Show the plan of the last request."""
    if not talk.served:
        talk.console.print("Nothing was planned in this chat yet.")
        return
    record = talk.served[-1]
    if not record.steps:
        talk.console.print("The plan was `none`: no tool serves the request.")
    for step in record.steps.values():
        talk.console.print(Text(safe_text(print_step(step.step)).rstrip("\n")))
