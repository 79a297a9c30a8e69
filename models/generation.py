"""One generation, from a prompt's tokens to the end of its text."""

from collections.abc import Callable, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass

from .adapters import AdapterUse, Switch
from .batch import Stream
from .confidence import Confidence, Row, Rows
from .constrained import Chooser, Constraint
from .drafts import Hint, Lookup, in_fours
from .errors import ContextFullError
from .layout import TokenPrompt
from .outbox import Outbox
from .prompt import Prompt
from .store import CachedSegment
from .thinking import ThinkFirst, Thinking
from .vocabulary import Vocabulary

# Forced tokens are read at once; behind a longer run, a prompt's end, a draft would be waited for.
MOST_BEFORE_DRAFT = 64


@dataclass(slots=True, eq=False)
class Request:
    """What was asked of the engine, waiting for its turn."""

    prompt: Prompt
    constraint: Constraint | None
    max_tokens: int
    outbox: Outbox
    adapter: AdapterUse | None = None
    thinking: Thinking | None = None
    watch: Callable[[Row, int], None] | None = None
    """Is given the model's own logits for each chosen token, and the token, in the engine's thread."""
    read_under: str = ""
    """The adapter that reads the prompt, by its identity (see `SegmentKey`); "": the model alone."""
    hint: Hint | None = None
    """What may come out; only drafts are made of it."""
    tokens: TokenPrompt | None = None
    """The prompt's tokens, once it was laid out."""


@dataclass(slots=True, eq=False)
class Reserved:
    """Cells that are set aside for a prompt and all that will be written after it."""

    cells: int


class Generation:
    """A request that is being served in the context; or several, which differ only in how their thoughts are
    drawn, as long as they have drawn the same."""

    def __init__(
        self,
        requests: Sequence[Request],
        chooser: Chooser,
        vocabulary: Vocabulary,
        stream: Stream,
        room: int,
        reserved: Reserved,
        switch: Switch | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        """`room` is how many tokens can be written before the context is full, `switch` the adapter that
        writes, `lookup` what drafts."""
        request = requests[0]
        self._outboxes = [request.outbox for request in requests]
        self.stream = stream
        self.spare: list[int] = []
        """A sequence for each of the requests but one, for when their thoughts part."""
        self.reserved = reserved
        self.segments: list[CachedSegment] = []
        """What stands before the stream's tokens."""
        self.composed = False
        """Whether the stream's sequence has the segments' cells."""
        self.finished = False
        self.later: list[int] = []
        """What comes after the part of the prompt that the model reads alone: its last tokens, and what is
        forced after them."""
        self.adapter = request.adapter
        self.tokens = list(request.tokens.rest) if request.tokens is not None else []
        """What its sequence holds and will hold, apart from tools: the prompt and what was written."""
        self.read_under = request.read_under
        """The adapter that reads the prompt."""
        self.read_alike = 0
        """How many of the first of those the prompt's reader reads in whole batches, as in any prompt."""
        self.ends: Sequence[int] = ()
        """Positions at which a batch ends, in order."""
        self.alone = True
        """Whether nobody else has used the context since it began."""
        self.draft: list[int] = []
        """Guesses among the stream's tokens of this step, its last ones."""
        self._lookup = lookup
        self._watch = request.watch
        self._switch = switch
        self._thinking = request.thinking is not None
        self._max_tokens = request.max_tokens
        self._chooser = chooser
        self._confidence = Confidence(vocabulary.size)
        self._vocabulary = vocabulary
        self._room = room
        self._written = 0

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the text any more."""
        return all(outbox.cancelled for outbox in self._outboxes)

    @property
    def under(self) -> Switch | None:
        """The adapter that computes its next tokens; None: the model alone."""
        return None if self.later else self._switch

    def begin(self) -> None:
        """Write what is forced before anything was computed.

        Where the prompt belongs to the model alone, what comes after that part is put off until it is there.
        """
        prompt = len(self.stream.pending)
        self._write(self._chooser.begin(), chosen=0)
        tokens = self.stream.pending
        start = len(tokens)
        if self._switch is not None and not self._switch.reads_prompt:
            start = self._switch.starts_at(tuple(tokens), prompt)
            if start == len(tokens):  # its invocation tokens are not there: it stays off
                self._switch = None
        self.read_alike = self.stream.position + min(start, prompt)
        if 0 < start < len(tokens):
            self.stream.pending, self.later = tokens[:start], tokens[start:]

    def go_on(self) -> None:
        """The model alone has read its part of the prompt: the rest comes next."""
        self.stream.pending, self.later = self.later, []

    def add_draft(self, room: int) -> None:
        """Guess what comes next, at most `room` tokens, and let the model read it with what is certain."""
        if self._lookup is None or self.later or len(self.stream.pending) > MOST_BEFORE_DRAFT:
            return
        room = min(room, self._max_tokens - self._written - 1, self._room - self._written - 1)
        read = len(self.stream.pending)
        proposed = self._lookup.propose(read, room)
        draft = self._chooser.possible(proposed)[:room] if proposed else []
        self.draft = draft[: in_fours(read, len(draft))]
        self.stream.pending.extend(self.draft)

    def part(self, logits: Row) -> list["Generation"]:
        """Draw the next token of every thought, from logits of shape (vocabulary,).

        Returns those that go on with other tokens than the first one, in generations of their own, whose
        sequences are still empty: all that stands before the token is to be copied there, and the same logits
        are theirs to advance with.
        """
        if not self._thinking or len(self._outboxes) == 1:
            return []
        assert isinstance(self._chooser, ThinkFirst)
        groups = self._chooser.draw(logits)
        if len(groups) == 1:
            return []
        self._hand_over()
        whole, outboxes, spare = self._chooser, self._outboxes, self.spare
        parts = [self, *(copy(self) for _ in groups[1:])]
        for part, places in zip(parts, groups, strict=True):
            part._chooser, part._outboxes = whole.part(places), [outboxes[place] for place in places]
            part.spare = [spare.pop() for _ in places[1:]]
        for part in parts[1:]:
            part.stream = Stream(spare.pop(), self.stream.position)
            part.segments, part.tokens = list(self.segments), list(self.tokens)
            part._confidence, part._lookup = Confidence(self._vocabulary.size), deepcopy(self._lookup)
        return parts[1:]

    def advance(self, logits: Rows) -> int:
        """Write the next token and those forced after it, and go on as long as the draft agrees.

        logits: shape (1 + length of the draft, vocabulary). Returns how many tokens of the draft, its last
        ones, were wrong and have to leave the context.
        """
        draft, self.draft = self.draft, []
        right, agreed = 0, True
        while agreed and not self.finished:
            own = logits[right].copy() if self._watch is not None else None
            token = self._chooser.choose(logits[right])
            if self._watch is not None and own is not None:
                self._watch(own, token)
            if self._vocabulary.ends(token):
                self.finished = True
                break
            self._confidence.add(logits[right], token)
            written = [token, *self._chooser.accept(token)]
            self._write(written, chosen=1)
            same = _same(written, draft[right:])
            right, agreed = right + same, same == len(written)
            del self.stream.pending[:same]
        return len(draft) - right

    def close(self, error: Exception | None = None) -> None:
        """Hand over the last text, and how it ended."""
        logprob = self._confidence.take()
        for outbox in self._outboxes:
            outbox.close(logprob, error)

    def _hand_over(self) -> None:
        logprob = self._confidence.take()
        for outbox in self._outboxes:
            outbox.hand_over(logprob)

    def _write(self, tokens: list[int], chosen: int) -> None:
        """Write `tokens`, `chosen` ones (0 or 1) first, then forced ones."""
        tokens = tokens[: min(self._max_tokens, self._room) - self._written]
        self._written += len(tokens)
        if self._lookup is not None:
            self._lookup.add(tokens, chosen)
        rest = self._write_thought(tokens, chosen) if self._thinking else tokens
        if not self._thinking:
            forced = len(rest) - chosen if rest is tokens else len(rest)
            pieces = [self._vocabulary.piece(token) for token in rest]
            for outbox in self._outboxes:
                outbox.write(pieces, forced)
        if self._outboxes[0].due:
            self._hand_over()
        if self._chooser.finished or self._written >= self._max_tokens:
            self.finished = True
        elif self._written >= self._room:
            raise ContextFullError(
                f"the context is full after {self._written} written tokens; name fewer tools, shorten the"
                " request or the history, or load the model with more context_tokens"
            )
        self.stream.pending.extend(tokens)
        self.tokens.extend(tokens)

    def _write_thought(self, tokens: list[int], chosen: int) -> list[int]:
        """Write those of `tokens` that belong to the thought; returns what comes after its end."""
        assert isinstance(self._chooser, ThinkFirst)
        close = self._chooser.close
        end = tokens.index(close) + 1 if close in tokens else len(tokens)
        pieces = [self._vocabulary.piece(token) for token in tokens[:end]]
        for outbox in self._outboxes:
            outbox.write(pieces, end - chosen, thinking=True)
        if close in tokens:
            self._thinking = False
            logprob = self._confidence.take()
            for outbox in self._outboxes:
                outbox.end_thought(logprob)
        return tokens[end:]


def _same(written: list[int], draft: list[int]) -> int:
    """How many tokens agree from the start."""
    return next(
        (n for n, (a, b) in enumerate(zip(written, draft, strict=False)) if a != b),
        min(len(written), len(draft)),
    )
