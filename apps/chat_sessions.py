"""`/sessions`, `/save` and `/forget`: the conversations that are kept."""

import re
from datetime import datetime

import click
from rich.table import Table
from rich.text import Text

from ..agent.session import Turn
from .chat_talk import Talk, path_said
from .display import safe_text, value_text
from .moments import ago, requests

_MOST_TURNS = 1_000_000


def names(talk: Talk) -> tuple[str, ...]:
    """The conversations that `/sessions` listed last, and the present one."""
    return tuple(dict.fromkeys([talk.session.id, *talk.listed_sessions]))


async def sessions(talk: Talk, name: str) -> None:
    """List the conversations, or go on with the one called `name`."""
    if name:
        await talk.use_session(name)
    found = await talk.session.all_in_file()
    talk.listed_sessions = [summary.id for summary in found]
    if name:
        turns = next((summary.turns for summary in found if summary.id == name), 0)
        talk.console.print(Text(f"This is session {safe_text(name)} now, {requests(turns)} so far."))
        return
    table = Table.grid(padding=(0, 2))
    for summary in found:
        here = Text(("* " if summary.id == talk.session.id else "  ") + safe_text(summary.id), style="bold")
        table.add_row(
            here,
            str(summary.turns),
            ago(summary.ended_at),
            Text(value_text(summary.last_request), overflow="ellipsis", no_wrap=True),
        )
    talk.console.print(table if found else "Nothing has been asked in any session yet.")


async def forget(talk: Talk, what: str) -> None:
    """Forget the last turn of this conversation, or all of them."""
    if what not in ("", "all"):
        raise click.UsageError("/forget forgets the last request, /forget all this whole session")
    if what == "all":
        gone = await talk.session.forget()
        talk.served.clear()
        talk.console.print(f"{requests(gone)} of session {talk.session.id} forgotten.", markup=False)
        return
    turns = await talk.session.history(1)
    await talk.session.forget(latest=1)
    request = f"“{turns[0].request}” is forgotten." if turns else "There is nothing to forget."
    talk.console.print(Text(safe_text(request)))


async def save(talk: Talk, file: str) -> None:
    """Write this conversation to `file`, by default named after it and today, in the present folder."""
    turns = await talk.session.history(_MOST_TURNS)
    plain = re.sub(r"[^\w.-]+", "-", talk.session.id)
    path = path_said(file or f"scrubjay-{plain}-{datetime.now():%Y-%m-%d}.md")
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(_page(talk.session.id, turns))
    except FileExistsError:
        raise click.UsageError(f"{path} is there already; /save NAME writes to another file") from None
    talk.console.print(Text(safe_text(f"Saved: {requests(len(turns))} in {path}")))


def _page(session: str, turns: list[Turn]) -> str:
    """The conversation as Markdown."""
    parts = [f"# {session}\n"]
    for turn in turns:
        results = [f"${number}: {value_text(result)}\n" for number, result in enumerate(turn.results, 1)]
        parts.append(
            f"## {turn.ended_at.astimezone():%Y-%m-%d %H:%M}\n\n"
            f"{_quoted(turn.request)}\n\n```\n{turn.plan}{''.join(results)}```\n\n{turn.answer}\n"
        )
    return "\n".join(parts)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
