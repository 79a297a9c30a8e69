"""What a cached segment is known by: all that its KV depends on within one loaded model."""

from typing import NamedTuple, Self


class SegmentKey(NamedTuple):
    """Tokens, the tokens before them that they see, and the adapter that read them.

    `before` stands at position 0 and `tokens` right after it. `adapter` is the identity of the adapter that
    was active while they were computed, "" for the model alone: KV of one is never read under another.
    """

    before: tuple[int, ...]
    tokens: tuple[int, ...]
    adapter: str = ""

    def __hash__(self) -> int:
        # What stands before may be thousands of tokens, and is told apart by `==` where it has to be.
        return hash((len(self.before), self.tokens, self.adapter))

    @property
    def end(self) -> int:
        """The position after the last token."""
        return len(self.before) + len(self.tokens)

    @property
    def seen(self) -> Self:
        """The key of what stands before, when that is one segment: a tool's system segment."""
        return type(self)((), self.before, self.adapter)
