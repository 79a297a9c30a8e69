"""The line at which a person types: editing, history, completion."""

from prompt_toolkit import PromptSession
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.text import Text

from .chat_commands import is_command
from .chat_completion import ChatCompleter
from .chat_talk import Talk
from .display import safe_text
from .moments import ago, requests

_SHOWN_OF_REQUEST = 60


def open_line(talk: Talk) -> PromptSession[str]:
    """Where requests and commands are typed. What was typed is kept over restarts (Ctrl-R searches it)."""
    talk.data_folder.mkdir(parents=True, exist_ok=True)
    line: PromptSession[str] = PromptSession(
        "> ",
        multiline=True,
        prompt_continuation="  ",
        history=FileHistory(str(talk.data_folder / "chat_history")),
        completer=ChatCompleter(talk),
        complete_while_typing=Condition(lambda: is_command(line.default_buffer.text)),
        key_bindings=_keys(),
        reserve_space_for_menu=5,
        enable_open_in_editor=True,
    )
    return line


async def welcome(talk: Talk) -> None:
    """Say which session is open, and what it was about."""
    turns = await talk.session.history(1)
    known = f"session {talk.session.id}"
    if turns:
        request = " ".join(safe_text(turns[0].request).split())
        if len(request) > _SHOWN_OF_REQUEST:
            request = request[:_SHOWN_OF_REQUEST] + "…"
        known += f", {requests(turns[0].number)} so far; {ago(turns[0].ended_at)}: “{request}”"
    talk.console.print(Text(f"Scrubjay, {known}. /help lists commands, Ctrl-D ends.", style="dim"))


def _keys() -> KeyBindings:
    """Enter sends, unless the line ends in a backslash; Alt-Enter and Ctrl-J begin a new line."""
    keys = KeyBindings()

    @keys.add("enter")
    def send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    @keys.add("c-j")
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    return keys
