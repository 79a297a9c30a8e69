"""The way of text from the engine's thread to the event loop that asked for it."""

import asyncio
import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

# Text is handed over when a line ends, and otherwise this often: waking an event loop has its price.
HAND_OVER_S = 0.03


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of what a model wrote."""

    text: str
    """Whole characters; the chunks' texts joined are everything that was written."""
    tokens: int
    """How many tokens were written since the last chunk."""
    forced: int
    """How many of those the grammar left no choice about."""
    logprob: float
    """Sum of the natural logarithms of the others' probabilities, see `Confidence`."""
    thought: str = ""
    """Text inside a think block; a chunk that has some has no `text` and no `logprob`."""
    thought_logprob: float = 0.0
    """What `logprob` is for text."""


class Outbox:
    """Carries a generation's chunks from the engine's thread to the event loop that waits for them.

    `receive` is for that event loop, everything else for the engine's thread.
    """

    def __init__(self) -> None:
        """Made in the event loop that will receive."""
        self.cancelled = False
        """Nobody waits any more."""
        self.due = False
        """Whether what was written should be handed over."""
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""
        self._tokens = self._forced = 0
        self._thinking = False
        self._handed_over = 0.0  # the first text goes at once

    async def receive(self) -> Chunk | None:
        """The next chunk; None after the last one. Raises what ended the generation early."""
        item = await self._queue.get()
        if isinstance(item, Exception):
            raise item
        return item

    def write(self, pieces: Sequence[bytes], forced: int, thinking: bool = False) -> None:
        """Add the bytes of tokens, of which the last `forced` ones were forced.

        thinking: they belong to a thought, which `end_thought` ends.
        """
        self._thinking = thinking
        text = self._decoder.decode(b"".join(pieces))
        self._text += text
        self._tokens += len(pieces)
        self._forced += forced
        self.due = "\n" in text or (self._text != "" and monotonic() - self._handed_over > HAND_OVER_S)

    def hand_over(self, logprob: float) -> None:
        """Send what was written; `logprob` is what the model thought of it."""
        self._send(self._chunk(logprob))

    def end_thought(self, logprob: float) -> None:
        """Send what is left of a thought; what is written next is text."""
        self._text += self._decoder.decode(b"", final=True)
        self._decoder.reset()
        self.hand_over(logprob)

    def close(self, logprob: float = 0.0, error: Exception | None = None) -> None:
        """Send what is left and end, well or with an error. Bytes of an unfinished character are left out."""
        self._send(*([self._chunk(logprob)] if self._tokens else []), error)

    def _chunk(self, logprob: float) -> Chunk:
        if self._thinking:
            chunk = Chunk("", self._tokens, self._forced, 0.0, self._text, logprob)
        else:
            chunk = Chunk(self._text, self._tokens, self._forced, logprob)
        self._text, self._tokens, self._forced, self.due = "", 0, 0, False
        self._handed_over = monotonic()
        return chunk

    def _send(self, *items: Chunk | Exception | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._put_all, items)
        except RuntimeError:  # the event loop is closed: nobody waits any more
            self.cancelled = True

    def _put_all(self, items: Sequence[Chunk | Exception | None]) -> None:
        for item in items:
            self._queue.put_nowait(item)
