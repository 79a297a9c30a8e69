"""`/model`, `/think` and `/adapter`: what plans, and how."""

from rich.text import Text

from .chat_talk import Talk, path_said
from .display import safe_text


async def model(talk: Talk, file: str) -> None:
    """Say which model plans, or plan with the one in `file`; "bundled" is Scrubjay's own."""
    if file:
        await talk.use_model(None if file == "bundled" else path_said(file))
    name = talk.engine.metadata.get("general.name", "a model without a name")
    where = talk.model or "bundled with Scrubjay"
    talk.console.print(Text(safe_text(f"Plans are written by {name} ({where}).")))


async def think(talk: Talk, _: str) -> None:
    """Thinking is not there yet."""
    talk.console.print("Thinking before planning isn't available in this version.")


async def adapter(talk: Talk, _: str) -> None:
    """Adapters are not there yet."""
    talk.console.print("Adapters aren't available in this version.")
