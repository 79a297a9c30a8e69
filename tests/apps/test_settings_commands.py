"""`scrubjay config`, `scrubjay remind` and `scrubjay undo`, as a person starts them."""

import signal
import subprocess
import time
from pathlib import Path

from scrubjay.agent.agent import Agent
from scrubjay.agent.events import ConsentAsked
from scrubjay.agent.policy import Policy
from scrubjay.agent.session import Session
from scrubjay.apps.opening import open_policy, open_registry, settings_file
from scrubjay.tools.clock import Clock
from scrubjay.tools.effect import Effect
from scrubjay.tools.reminders import Reminders
from scrubjay.tools.settings import Settings, read_settings

from ..agent.scripted import ScriptedEngine
from ..tools.calling import call
from ..tools.desktop import put_program
from .conftest import Scrubjay


def test_config_makes_a_file_that_explains_every_setting_and_says_where_it_is(
    scrubjay: Scrubjay, data_folder: Path
) -> None:
    ran = scrubjay("config", "--data-folder", str(data_folder))
    assert ran.returncode == 0, ran.stderr
    path = settings_file(data_folder)
    assert ran.stdout.strip() == str(path)
    assert read_settings(path) == Settings()
    path.write_text('[time]\nzone = "Nowhere"\n')
    wrong = scrubjay("config", "--data-folder", str(data_folder))
    assert wrong.returncode == 1
    assert "no time zone has this name" in wrong.stderr
    assert path.read_text() == '[time]\nzone = "Nowhere"\n'


def test_the_tools_of_the_commands_keep_to_the_folders_in_the_settings(
    data_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "Papers").mkdir()
    (tmp_path / "Papers" / "plan.txt").write_text("sleep")
    (data_folder / "files").mkdir()
    (data_folder / "files" / "old.txt").write_text("old")
    assert call(open_registry(data_folder).get("read_file"), path="old.txt") == "old"
    settings_file(data_folder).write_text(f'[files]\nfolders = ["{tmp_path}/Papers"]\n')
    tools = open_registry(data_folder)
    assert call(tools.get("read_file"), path="plan.txt") == "sleep"
    assert call(tools.get("list_folder"), path="Papers") == ["plan.txt"]


def test_what_the_settings_allow_runs_unasked(data_folder: Path) -> None:
    settings_file(data_folder).write_text(
        '[consent]\ntools = ["create_note"]\nrecipients = ["sid@example.com"]\n'
    )

    async def no(asked: ConsentAsked) -> bool:
        return False

    policy = open_policy(data_folder, no)
    asked = ConsentAsked(1, "create_note", {}, "?", Effect.WRITE, "r")
    mail = ConsentAsked(1, "compose_email", {}, "?", Effect.SEND, "r", recipients=("Sid@example.com",))
    assert not policy.must_ask(asked)
    assert not policy.must_ask(mail)
    assert policy.must_ask(ConsentAsked(1, "send_sms", {}, "?", Effect.SEND, "r"))


def lines_of(path: Path, wanted: int) -> list[str]:
    """The lines of a file once it has so many; the machine may be slow."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if path.exists() and len(lines := path.read_text().splitlines()) >= wanted:
            return lines
        time.sleep(0.1)
    raise AssertionError(path.read_text() if path.exists() else "nothing rang")


def test_remind_rings_what_is_due_and_what_was_missed_each_once_across_a_kill(
    command: str, data_folder: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    rang = tmp_path / "rang.txt"
    show = put_program(
        tmp_path, "show", f"with open({str(rang)!r}, 'a') as f: print(*sys.argv[1:], sep=': ', file=f)"
    )
    settings_file(data_folder).write_text(f'[reminders]\ncommand = ["{show}"]\n')
    call(Reminders(data_folder / "reminders").create_reminder, text="call mum", due="in 1 second")
    arguments = [command, "remind", "--data-folder", str(data_folder)]
    with subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL) as first:
        assert lines_of(rang, 1)[0].endswith("call mum")
        time.sleep(1.5)  # it is marked as rung right after it was shown
        first.send_signal(signal.SIGKILL)
    call(Clock(data_folder / "clock").set_timer, duration="1 second", label="tea")
    with subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL) as second:
        assert lines_of(rang, 2)[1].endswith("tea")
        second.send_signal(signal.SIGINT)
        assert second.wait(60) == 130
    assert len(rang.read_text().splitlines()) == 2


def test_remind_says_what_is_missing_where_nothing_can_show_a_ring(
    command: str, data_folder: Path, environment: dict[str, str]
) -> None:
    call(Clock(data_folder / "clock").set_timer, duration="1 second")
    none = {name: value for name, value in environment.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
    none["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    ran = subprocess.run(
        [command, "remind", "--data-folder", str(data_folder)],
        env=none,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1
    assert "[reminders] command" in ran.stderr


async def test_undo_takes_back_what_was_done_before_it_started(scrubjay: Scrubjay, data_folder: Path) -> None:
    engine = ScriptedEngine('$1 = create_note(title="Shopping")\ndone\n')
    async with (
        await Session.open(data_folder / "sessions.db") as session,
        Agent(
            open_registry(data_folder), engine, session=session, policy=Policy(allow_effects=True)
        ) as agent,
    ):
        await agent.run("make a note Shopping")
    assert (data_folder / "notes" / "Shopping.md").exists()
    ran = scrubjay("undo", "--data-folder", str(data_folder))
    assert (ran.returncode, ran.stdout) == (0, "The note Shopping is in the trash.\n")
    assert not (data_folder / "notes" / "Shopping.md").exists()
    assert scrubjay("undo", "--data-folder", str(data_folder)).stdout == "There is nothing to undo.\n"
