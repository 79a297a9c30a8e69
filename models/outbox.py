"""The way of text from the engine's thread to the event loop that asked for it."""

import asyncio
import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

# Text is handed over when a line ends, and otherwise this often: waking an event loop has its price.
HAND_OVER_S = 0.004


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
    """Sum of the logarithms of the others' probabilities, among all tokens (see `log_probability`)."""


class Outbox:
    """Carries a generation's chunks from the engine's thread to the event loop that waits for them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""
        self._tokens = self._forced = 0
        self._logprob = 0.0
        self._handed_over = monotonic()
        self.cancelled = False
        """Nobody waits any more."""

    async def receive(self) -> Chunk | None:
        """The next chunk; None after the last one. Raises what ended the generation early."""
        item = await self._queue.get()
        if isinstance(item, Exception):
            raise item
        return item

    def write(self, pieces: bytes, tokens: int, forced: int, logprob: float) -> None:
        """Add what was written in a step; from the engine's thread."""
        text = self._decoder.decode(pieces)
        self._text += text
        self._tokens += tokens
        self._forced += forced
        self._logprob += logprob
        if "\n" in text or (self._text and monotonic() - self._handed_over > HAND_OVER_S):
            self._hand_over(self._chunk())

    def close(self, error: Exception | None = None) -> None:
        """End the stream of chunks, with an error or well; from the engine's thread.

        Bytes of a character that was never finished are left out.
        """
        self._hand_over(*([self._chunk()] if self._tokens else []), error)

    def _chunk(self) -> Chunk:
        chunk = Chunk(self._text, self._tokens, self._forced, self._logprob)
        self._text, self._tokens, self._forced, self._logprob = "", 0, 0, 0.0
        self._handed_over = monotonic()
        return chunk

    def _hand_over(self, *items: Chunk | Exception | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._receive_all, items)
        except RuntimeError:  # the event loop is closed: nobody waits any more
            self.cancelled = True

    def _receive_all(self, items: Sequence[Chunk | Exception | None]) -> None:
        for item in items:
            self._queue.put_nowait(item)
