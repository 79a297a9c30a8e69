"""`scrubjay config`: the settings file, with every setting explained."""

from pathlib import Path

import click

from ..tools.settings import SettingsError, read_settings, settings_page
from ..tools.storage import write_file
from .consent import person_there
from .opening import settings_file
from .setting import data_folder_option, told_clearly


@click.command()
@data_folder_option
def config(data_folder: Path) -> int:
    """Open the settings in your editor ($EDITOR); in a pipe, print the file's path and check it.

    The first time a file is made that explains every setting. It names the folders that tools may look into:
    Documents, Desktop and Downloads, until you name others. Passwords are never in it: they are in the
    system's keyring (`keyring set scrubjay USER@HOST`).
    """
    path = settings_file(data_folder)
    if not path.exists():
        with told_clearly():
            write_file(path, settings_page())
    if person_there():
        click.edit(filename=str(path))
    click.echo(path)
    try:
        read_settings(path)
    except SettingsError as error:
        click.echo(f"{error} Run `scrubjay config` again to mend it.", err=True)
        return 1
    return 0
