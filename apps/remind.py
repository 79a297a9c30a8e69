"""`scrubjay remind`: rings reminders, alarms and timers."""

import sys
from pathlib import Path

import click

from ..tools.errors import ToolFailed
from ..tools.notifications import notifier
from ..tools.ringing import Ring, Ringer, Show, shown_by
from ..tools.times import Times
from .display import safe_text
from .opening import open_settings
from .setting import data_folder_option, run


@click.command()
@data_folder_option
def remind(data_folder: Path) -> None:
    """Ring reminders, alarms and timers until Ctrl-C, through the desktop's notifications.

    Start it when you log in. What came due while it was not running is told at once, as missed; two of them
    don't ring twice. [reminders] command in the settings names a program that shows them instead.
    """
    run(_ring(data_folder))


async def _ring(data_folder: Path) -> None:
    settings = open_settings(data_folder)
    times = Times.chosen(settings.time)
    ringer = Ringer((data_folder / "reminders", data_folder / "clock"), times)
    click.echo("Ringing reminders, alarms and timers. Ctrl-C ends it.", err=True)
    await ringer.run(_shown_here_too(shown_by(notifier(settings.reminders.command), times), times))


def _shown_here_too(show: Show, times: Times) -> Show:
    """Prints each ring on a terminal, so that it is told even where no desktop can show it."""
    seen = sys.stdout.isatty()

    async def both(ring: Ring) -> None:
        now = times.now()
        click.echo(f"{now:%H:%M} {ring.title}: {safe_text(ring.text(now))}")
        try:
            await show(ring)
        except ToolFailed as error:
            if not seen:
                raise  # it stays due, for the next start
            click.echo(str(error), err=True)

    return both
