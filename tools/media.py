"""The media app: plays what lies in the user's library, and controls whatever is playing."""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .library import Library
from .mpv import Mpv
from .opening import open_in_own_program

MOST_PLAYED = 500
"""Files that are put in a row."""

Action = Literal["pause", "resume", "next", "previous", "stop"]


@dataclass(frozen=True, slots=True)
class Media:
    """A library, and players: mpv where it is installed, or else what the desktop has."""

    library: Library
    mpv: Mpv
    open: Callable[[str], None] = open_in_own_program
    shuffled: Callable[[list[Path]], None] = random.shuffle

    @tool(
        effect=Effect.WRITE,
        state="media",
        say="Playing {result}.",
        from_others=True,
        source="the title of a recording",
    )
    def play_media(self, query: str, shuffle: bool | None = None) -> str:
        """Play music, a video or a podcast from the local library.

        Args:
            query: What to play
            shuffle: Play in random order

        Returns:
            What is playing
        """
        files = self.library.find(query)
        if not files:
            where = ", ".join(folder.name for folder in self.library.folders)
            raise ToolFailed(f"Nothing in {where} is called {query}. Say a word of its name, or who made it.")
        if shuffle:
            self.shuffled(files)
        self._play(files[:MOST_PLAYED])
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        return self.library.title(files[0]) + more

    @tool(
        effect=Effect.WRITE,
        state="media",
        say="Now: {result}.",
        from_others=True,
        source="the title of what is playing",
    )
    def control_playback(self, action: Action) -> str:
        """Pause, resume, skip or stop what is playing.

        Args:
            action: What to do

        Returns:
            What is playing now
        """
        if self.mpv.is_running:
            file = self.mpv.control(action)
            now = self.library.title(file) if file else None
        else:
            now = _controlled_by_desktop(action)
            if now is None:
                raise ToolFailed("Nothing is playing. Say what to play.")
        return f"{now} (paused)" if now and action == "pause" else now or "nothing"

    def _play(self, files: Sequence[Path]) -> None:
        if self.mpv.is_installed:
            self.mpv.play(files)
        elif not self._played_by_desktop(files):
            raise ToolFailed(
                "Nothing here plays music. Install mpv, or open a player that the desktop can control."
            )

    def _played_by_desktop(self, files: Sequence[Path]) -> bool:
        try:
            if sys.platform == "linux":
                from . import mpris

                if mpris.play(files):
                    return True
            self.open(str(files[0]))
        except ToolFailed:
            return False
        return True


def _controlled_by_desktop(action: Action) -> str | None:
    if sys.platform != "linux":
        return None
    from . import mpris

    return mpris.control(action)
