"""What the engine's thread is asked to do besides writing, and how it answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scheduler import Scheduler


class Call:
    """Something that the engine's thread does between two steps."""

    def __init__(self, work: Callable[[Scheduler], Any]) -> None:
        self.done: Future[Any] = Future()
        self._work = work

    def run(self, scheduler: Scheduler) -> None:
        """Do it, and tell how it went; nothing, when whoever asked was cancelled meanwhile."""
        if not self.done.set_running_or_notify_cancel():
            return
        try:
            self.done.set_result(self._work(scheduler))
        except Exception as error:
            self.done.set_exception(error)

    def refuse(self, error: Exception) -> None:
        """It cannot be done any more."""
        if self.done.set_running_or_notify_cancel():
            self.done.set_exception(error)
