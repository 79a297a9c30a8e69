"""`scrubjay chat` on a real terminal, through a day: its screens are kept in screens/.

What a model would plan is a script (`PLANS`), held to what the bundled model may write; all else is real.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.registry import ToolRegistry

from .tmux import Terminal, check_screen

pytestmark = pytest.mark.debian("tmux", "tmux")

PLANS = {
    "text Sid and Lutfi that I'm running late": """
        $1 = get_phone_number(name="Sid")
        $2 = get_phone_number(name="Lutfi")
        $3 = send_sms(to=[$1, $2], message="I'm running late")
    """,
    "send it to Maria too": """
        $1 = get_phone_number(name="Maria")
        $2 = send_sms(to=[$1], message="I'm running late")
    """,
    "what is Anna's number": '$1 = get_phone_number(name="Anna")',
    "no, the other one": '$1 = get_phone_number(name="Anna Weiss")',
    "text her good morning": '$1 = send_sms(to=[$0.1], message="good morning")',
    "dentist on 3 March 2031 at 3pm": '$1 = create_event(title="dentist", start="3 March 2031 at 3pm")',
    "make it 4pm instead": '$1 = move_event(title="dentist", start="4pm")',
    "weigh the elephant": '$1 = weigh(animal="elephant")',
    "weigh the mouse and the cat": '$1 = weigh(animal="mouse")\n$2 = weigh(animal="cat")',
    "note Ideas:\nfly to the moon": '$1 = create_note(title="Ideas", content="fly to the moon")',
    "add and back to it": '$1 = append_to_note(title="Ideas", content="and back")',
    "thanks": "none",
}

OWN_TOOLS = '''
import time
from scrubjay import tool

@tool(effect="read", say="The {animal} weighs {result} g.")
def weigh(animal: str) -> int:
    """Put an animal on the scales."""
    print(f"(the {animal} steps on the scales)")
    time.sleep({"elephant": 600, "mouse": 4, "cat": 5}[animal])
    return {"mouse": 19, "cat": 4200}[animal]
'''

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path, data_folder: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Starts the chat: with tools of the user's own, on the same data each time."""
    add_contact = ToolRegistry(builtin_tools(data_folder)).get("add_contact")
    for name, phone in (("Maria Silva", "555-0199"), ("Anna Berg", "555-0150"), ("Anna Weiss", "555-0151")):
        add_contact(name=name, phone=phone)
    (tmp_path / "plans.json").write_text(json.dumps(PLANS))
    (tmp_path / "my_tools.py").write_text(OWN_TOOLS)
    script = Path(__file__).with_name("scripted_chat.py")
    words: list[Any] = [sys.executable, script, tmp_path / "plans.json", "chat", "--data-folder", data_folder]
    words += ["--tools", tmp_path / "my_tools.py"]
    started: list[Terminal] = []

    def begin(columns: int = 80) -> Terminal:
        socket = tmp_path / f"socket-{len(started)}"
        started.append(Terminal(socket, words, environment, columns, rows=32))
        started[-1].wait("/help lists commands")
        return started[-1]

    yield begin
    for terminal in started:
        terminal.close()


def _ready(screen: str) -> bool:
    """Whether the next request is waited for."""
    return screen.splitlines()[-1] == ">"


def _ask(terminal: Terminal, text: str, answer: str = "") -> str:
    """The screen after a request or command was served; `answer` is the key pressed at its question."""
    terminal.type(text)
    terminal.press("Enter")
    if answer:
        terminal.wait(r"\[y\]es")
        time.sleep(0.5)  # a person reads first; keys pressed before the question could be seen don't count
        terminal.press(answer)
    return terminal.wait(_ready)


def test_a_day_of_chatting(start: Start, outbox: Callable[[], list[Any]], tmp_path: Path) -> None:
    chat = start()
    chat.type("text Sid and Lutfi that I'm running late")
    chat.press("Enter")
    check_screen("01-parallel-then-a-question", chat.wait(r"\[y\]es"))
    time.sleep(0.5)
    chat.press("y")
    check_screen("02-allowed", chat.wait(_ready))
    assert [message["to"] for message in outbox()] == [["555-0142", "555-0117"]]

    check_screen("03-follow-up-not-allowed", _ask(chat, "send it to Maria too", "n"))
    assert len(outbox()) == 1
    check_screen("04-a-tool-asks-back", _ask(chat, "what is Anna's number"))
    check_screen("05-the-other-one", _ask(chat, "no, the other one"))
    check_screen("06-a-result-of-the-turn-before", _ask(chat, "text her good morning", "y"))
    assert outbox()[-1]["to"] == ["555-0151"]

    _ask(chat, "dentist on 3 March 2031 at 3pm", "y")
    check_screen("07-make-it-4pm", _ask(chat, "make it 4pm instead", "y"))
    check_screen("08-undo", _ask(chat, "/undo"))
    check_screen("09-why", _ask(chat, "/why"))

    chat.type("weigh the elephant")
    chat.press("Enter")
    chat.wait("⠿")
    chat.press("C-c")
    check_screen("10-interrupted", chat.wait("Cancelled"))

    chat.type("weigh the mouse and the cat")
    chat.press("Enter")
    chat.wait(r"⠿.*\n.*⠿")
    chat.resize(60)
    check_screen("11-resized-while-two-run", chat.wait(r"⠿.*\n.*⠿"))
    chat.type("thanks")  # typed ahead: it is not seen amid the plan, and served next
    chat.press("Enter")
    check_screen("12-narrow-and-typed-ahead", chat.wait("None of the tools"), "> weigh")

    chat.type("note Ideas:")
    chat.press("M-Enter")
    check_screen("13-two-lines", _ask(chat, "fly to the moon", "y"))
    chat.press("C-d")
    chat.wait("ended")

    chat = start(60)
    check_screen("14-the-next-day", _ask(chat, "add and back to it", "a"), "Scrubjay,")
    chat.press("C-r")
    chat.type("her")
    chat.wait("text her good morning")
    chat.press("C-c")
    check_screen("15-tools", _ask(chat, "/tools scales"))
    check_screen("16-saved", _ask(chat, "/save day.md"))
    assert "> make it 4pm instead" in (tmp_path / "day.md").read_text()
    check_screen("17-sessions", _ask(chat, "/sessions"))
    assert "session other now, 0 requests" in _ask(chat, "/sessions other")
    assert "did you mean /think" in _ask(chat, "/thikn")
    chat.press("C-d")
    chat.wait("ended")
