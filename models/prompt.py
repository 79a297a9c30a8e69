"""What a model is asked: segments, what changes least first, the request last."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class SegmentKind(StrEnum):
    """The part a segment plays, in the order in which kinds stand in a prompt."""

    SYSTEM = "system"
    TOOL = "tool"
    TURN = "turn"
    FACTS = "facts"
    REQUEST = "request"


_ORDER = {kind: place for place, kind in enumerate(SegmentKind)}


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the prompt that is computed, cached and reused as one.

    `parts` are the texts that special tokens separate: the query, the plan and the results of a turn; one
    text for every other kind; none for a system segment without words.
    """

    kind: SegmentKind
    parts: tuple[str, ...]

    @classmethod
    def system(cls, text: str = "") -> Self:
        """What stands before everything; our own models read no words here."""
        return cls(SegmentKind.SYSTEM, (text,) if text else ())

    @classmethod
    def tool(cls, text: str) -> Self:
        """One tool that may be called."""
        return cls(SegmentKind.TOOL, (text,))

    @classmethod
    def turn(cls, query: str, plan: str, results: str) -> Self:
        """An earlier request with the plan that served it and what came out."""
        return cls(SegmentKind.TURN, (query, plan, results))

    @classmethod
    def facts(cls, text: str) -> Self:
        """What is known besides the request: the time, the locale."""
        return cls(SegmentKind.FACTS, (text,))

    @classmethod
    def request(cls, text: str) -> Self:
        """What the user wants now."""
        return cls(SegmentKind.REQUEST, (text,))


@dataclass(frozen=True, slots=True)
class Prompt:
    """At most one system segment, then tools, turns and facts, then exactly one request.

    Raises `ValueError` for segments in any other order.
    """

    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        kinds = [segment.kind for segment in self.segments]
        if kinds != sorted(kinds, key=_ORDER.__getitem__):
            order = ", ".join(SegmentKind)
            raise ValueError(
                f"a prompt's segments stand in the order {order}; these stand {', '.join(kinds)}"
            )
        if kinds.count(SegmentKind.SYSTEM) > 1 or kinds.count(SegmentKind.REQUEST) != 1:
            raise ValueError("a prompt has at most one system segment and exactly one request")

    def of_kind(self, *kinds: SegmentKind) -> tuple[Segment, ...]:
        """The segments of these kinds, in order."""
        return tuple(segment for segment in self.segments if segment.kind in kinds)
