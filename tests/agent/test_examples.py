"""Which examples a model that was not trained on our plans gets to see."""

from scrubjay.agent.examples import ExampleBook, bundled_examples

CALL = '$1 = call(name="Sid")\ndone\n'
NOTE = '$1 = create_note(title="Milk")\ndone\n'
BOTH = '$1 = find_phone(name="Sid")\n$2 = send_sms(to=$1, message="late")\ndone\n'
BOOK = ExampleBook([("call Sid", CALL), ("note: milk", NOTE), ("text Sid", BOTH), ("text Ada", BOTH)])


def test_standing_examples_show_most_and_differ() -> None:
    offered = ["call", "create_note", "find_phone", "send_sms"]
    assert [example.request for example in BOOK.standing(offered)] == ["text Sid", "call Sid"]


def test_standing_examples_are_of_offered_tools() -> None:
    assert [example.request for example in BOOK.standing(["create_note", "find_phone"])] == ["note: milk"]


def test_the_closest_example_has_words_of_the_request() -> None:
    closest = BOOK.closest("make a note: buy milk", ["call", "create_note"])
    assert closest is not None
    assert closest.request == "note: milk"
    assert BOOK.closest("make a note: buy milk", ["call"]) is None


def test_bundled_examples_show_steps_that_need_each_other() -> None:
    names = {name for example in bundled_examples()._examples for name in example.tools}
    assert all(example.shows > 2 for example in bundled_examples().standing(names))
