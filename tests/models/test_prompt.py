import pytest

from scrubjay.models.prompt import Prompt, Segment

SYSTEM, TOOL, FACTS = Segment.system(), Segment.tool("t()"), Segment.facts("Monday")
TURN, REQUEST = Segment.turn("q", "p", "r"), Segment.request("do it")


def test_a_prompt_goes_from_what_changes_least_to_the_request() -> None:
    assert Prompt((SYSTEM, TOOL, TURN, FACTS, REQUEST)).of_kind(TURN.kind, FACTS.kind) == (TURN, FACTS)


@pytest.mark.parametrize("segments", [(TOOL, SYSTEM, REQUEST), (REQUEST, FACTS), (TURN, TOOL, REQUEST)])
def test_segments_in_another_order_are_refused(segments: tuple[Segment, ...]) -> None:
    with pytest.raises(ValueError, match="stand in the order system, tool, turn, facts, request"):
        Prompt(segments)


@pytest.mark.parametrize("segments", [(), (SYSTEM, TOOL), (REQUEST, REQUEST), (SYSTEM, SYSTEM, REQUEST)])
def test_a_prompt_has_one_request_and_at_most_one_system_segment(segments: tuple[Segment, ...]) -> None:
    with pytest.raises(ValueError, match="exactly one request"):
        Prompt(segments)
