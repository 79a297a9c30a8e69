"""One generation, from a prompt's tokens to the end of its text."""

from dataclasses import dataclass

from .batch import Stream
from .confidence import Confidence, Row
from .constrained import Chooser, Constraint
from .errors import ContextFullError
from .layout import TokenPrompt
from .outbox import Outbox
from .prompt import Prompt
from .segments import CachedSegment
from .vocabulary import Vocabulary


@dataclass(slots=True, eq=False)
class Request:
    """What was asked of the engine, waiting for its turn."""

    prompt: Prompt
    constraint: Constraint | None
    max_tokens: int
    outbox: Outbox
    read_under: str = ""
    """The adapter that reads the prompt, by its identity (see `SegmentKey`); "": the model alone."""
    tokens: TokenPrompt | None = None
    """The prompt's tokens, once it was laid out."""


class Generation:
    """A request that is being served in the context."""

    def __init__(
        self,
        request: Request,
        chooser: Chooser,
        vocabulary: Vocabulary,
        stream: Stream,
        room: int,
        reserved: int,
    ) -> None:
        """`room` is how many tokens can be written before the context is full, `reserved` how many cells are
        set aside for all that `stream` will hold."""
        self._outbox = request.outbox
        self.stream = stream
        self.reserved = reserved
        self.segments: list[CachedSegment] = []
        """What stands before the stream's tokens."""
        self.composed = False
        """Whether the stream's sequence has the segments' cells."""
        self.finished = False
        self._max_tokens = request.max_tokens
        self._chooser = chooser
        self._confidence = Confidence(vocabulary.size)
        self._vocabulary = vocabulary
        self._room = room
        self._written = 0

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the text any more."""
        return self._outbox.cancelled

    def begin(self) -> None:
        """Write what is forced before anything was computed."""
        self._write(self._chooser.begin(), chosen=0)

    def advance(self, logits: Row) -> None:
        """Write the next token, and those forced after it; from logits of shape (vocabulary,)."""
        token = self._chooser.choose(logits)
        if self._vocabulary.ends(token):
            self.finished = True
            return
        self._confidence.add(logits, token)
        self._write([token, *self._chooser.accept(token)], chosen=1)

    def close(self, error: Exception | None = None) -> None:
        """Hand over the last text, and how it ended."""
        self._outbox.close(self._confidence.take(), error)

    def _write(self, tokens: list[int], chosen: int) -> None:
        """Write `tokens`, `chosen` ones (0 or 1) first, then forced ones."""
        tokens = tokens[: min(self._max_tokens, self._room) - self._written]
        self._written += len(tokens)
        self._outbox.write([self._vocabulary.piece(token) for token in tokens], len(tokens) - chosen)
        if self._outbox.due:
            self._outbox.hand_over(self._confidence.take())
        if self._chooser.finished or self._written >= self._max_tokens:
            self.finished = True
        elif self._written >= self._room:
            raise ContextFullError(
                f"the context is full after {self._written} written tokens; name fewer tools, shorten the"
                " request or the history, or load the model with more context_tokens"
            )
        self.stream.pending.extend(tokens)
