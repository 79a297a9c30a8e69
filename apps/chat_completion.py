"""Completes commands with what they take, and names of files."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from .chat_commands import COMMANDS, is_command
from .chat_talk import Talk

_MOST_NAMES = 200


class ChatCompleter(Completer):
    """Commands as they are typed; on Tab also files: a path, or the name of one in an open folder or here."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        if is_command(before):
            yield from self._of_command(before)
        elif complete_event.completion_requested:
            yield from _files(_last_word(before), [Path.cwd(), *self._talk.open_folders])

    def _of_command(self, before: str) -> Iterator[Completion]:
        name, space, argument = before.partition(" ")
        if not space:
            for command in COMMANDS.values():
                if command.name.startswith(name[1:]):
                    yield Completion(command.name, 1 - len(name), display_meta=command.help)
            return
        if name[1:] not in COMMANDS:
            return
        named = COMMANDS[name[1:]]
        if named.takes_file:
            yield from _files(argument, [Path.cwd()])
        for choice in named.choices(self._talk):
            if choice.startswith(argument):
                yield Completion(choice, -len(argument))


def _last_word(text: str) -> str:
    return text[max(map(text.rfind, " \n\t\"'(")) + 1 :]


def _files(word: str, folders: Iterable[Path]) -> Iterator[Completion]:
    """Names that go on where `word` stops: as a path when it looks like one, else in `folders`."""
    if not word:
        return
    if "/" in word:
        folder, name = os.path.split(os.path.expanduser(word))
        folders = [Path(folder or ".")]
    else:
        name = word
    seen: set[str] = set()
    for path in folders:
        for found in _names(path, name):
            if found not in seen:
                seen.add(found)
                yield Completion(found, -len(name))


def _names(folder: Path, beginning: str) -> list[str]:
    try:
        entries = [entry for entry in os.scandir(folder) if entry.name.lower().startswith(beginning.lower())]
    except OSError:
        return []
    shown = [entry for entry in entries if beginning.startswith(".") or not entry.name.startswith(".")]
    return sorted(entry.name + "/" * entry.is_dir() for entry in shown)[:_MOST_NAMES]
