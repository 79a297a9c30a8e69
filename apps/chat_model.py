"""`/model`, `/think` and `/adapter`: what plans, and how."""

from rich.text import Text

from ..models.catalog import BUNDLED, Catalog
from .chat_talk import Talk, path_said
from .display import safe_text


async def model(talk: Talk, name: str) -> None:
    """Say which model plans and which there are, or plan with `name`: one of these, or a GGUF file."""
    if name:
        await talk.use_model(None if name == BUNDLED else path_said(name))
    known = talk.engine.metadata.get("general.name", "a model without a name")
    where = talk.model or "bundled with Scrubjay"
    talk.console.print(Text(safe_text(f"Plans are written by {known} ({where}).")))
    if not name:
        talk.console.print(
            Text(safe_text(f"/model NAME takes another: {', '.join(names(talk))}, or a file."))
        )


def names(_: Talk) -> tuple[str, ...]:
    """The models that are installed (`scrubjay models`), and the bundled one."""
    return tuple(dict.fromkeys([BUNDLED, *Catalog().installed()]))


async def think(talk: Talk, _: str) -> None:
    """Thinking is not there yet."""
    talk.console.print("Thinking before planning isn't available in this version.")


async def adapter(talk: Talk, _: str) -> None:
    """Adapters are not there yet."""
    talk.console.print("Adapters aren't available in this version.")
