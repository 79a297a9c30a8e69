"""`scrubjay voice`: speak to Scrubjay."""

from __future__ import annotations

from pathlib import Path

import click

from ..setting import data_folder_option, model_option, run, session_option


@click.command()
@click.option("--wav", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="Hear a recording.")
@click.option(
    "--listen",
    type=click.Choice(["open", "wake", "push"]),
    default="open",
    show_default=True,
    help='What counts: everything, what follows "hey scrub jay", or what is said while a key is held.',
)
@click.option(
    "--transcriber",
    type=click.Choice(["whisper", "pocketsphinx"]),
    help="[default: whisper where its weights are on this machine, otherwise pocketsphinx]",
)
@click.option("--yes", is_flag=True, help="Allow effects without asking.")
@click.option("--silent", is_flag=True, help="Write the answers, and say nothing.")
@click.option("--no-barge-in", is_flag=True, help="Hear nothing while speaking; for loudspeakers.")
@click.option("--no-window", is_flag=True, help="Lines in the terminal instead of a window.")
@model_option
@data_folder_option
@session_option
def voice(
    wav: Path | None,
    listen: str,
    transcriber: str | None,
    yes: bool,
    silent: bool,
    no_barge_in: bool,
    no_window: bool,
    model: Path | None,
    data_folder: Path,
    session: str,
) -> int:
    """Speak to Scrubjay: it hears, plans, asks before anything has an effect, and answers aloud.

    With --wav it hears a recording instead of a microphone, opens no window and says nothing aloud; a
    recorded "yes" after a question counts.
    """
    from .ears import Listen
    from .sound import SoundError
    from .starting import Choices

    choices = Choices(
        data_folder,
        model,
        session,
        Listen(listen),
        transcriber or "",
        yes,
        not (silent or wav),
        not no_barge_in,
    )
    try:
        if wav is not None:
            from .plain import from_recording

            return run(from_recording(choices, wav))
        if no_window:
            from .plain import from_microphone

            run(from_microphone(choices))
            return 0
        from .window import show_window

        return show_window(choices)
    except SoundError as error:
        raise click.ClickException(str(error)) from error
