from collections.abc import Callable

from scrubjay.retrieval.needs import Givers
from scrubjay.tools.tool import Tool

MakeTool = Callable[..., Tool]


def givers(*tools: Tool) -> Givers:
    index = Givers()
    for tool in tools:
        index.add(tool)
    return index


def names(tools: list[Tool]) -> list[str]:
    return [tool.name for tool in tools]


def test_a_tool_that_wants_an_email_address_brings_the_one_that_finds_it(make: MakeTool) -> None:
    mail = make("compose_email", "Write an email.", to="Recipients' email addresses")
    find = make("get_email_address", "Look up an address.", name="Contact's name", gives="Email address")
    assert names(givers(mail, find).of(mail)) == ["get_email_address"]


def test_what_people_say_themselves_is_not_looked_up(make: MakeTool) -> None:
    opens = make("open_note", "Open a note.", title="Title of the note")
    finds = make("find_note", "Find a note.", query="Words", gives="Title of the note")
    assert givers(finds).of(opens) == []


def test_a_tool_that_makes_or_needs_the_same_does_not_find_it(make: MakeTool) -> None:
    opens = make("open_file", "Open a file.", path="Path of the file")
    writes = make("write_file", "Write a file.", text="Text", gives="Path of the file")
    reads = make("get_file", "Read a file.", path="Path of the file", gives="Path of the file")
    assert givers(writes, reads).of(opens) == []


def test_a_removed_tool_is_not_brought(make: MakeTool) -> None:
    opens = make("open_file", "Open a file.", path="Path of the file")
    finds = make("find_file", "Find a file.", query="Name", gives="Path of the file")
    index = givers(finds)
    assert names(index.of(opens)) == ["find_file"]
    index.remove("find_file")
    index.remove("find_file")
    assert index.of(opens) == []
