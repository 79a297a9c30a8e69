"""Choosing tokens: the likeliest one, or the likeliest that a grammar allows, line by line."""

from typing import Protocol, runtime_checkable

import numpy as np
from llguidance import LLMatcher, LLParserLimits
from numpy.typing import NDArray

from .confidence import Row
from .errors import GrammarError
from .preference import Preference
from .vocabulary import Vocabulary

# A constraint may force lines without end; the model is then asked, though it has no choice, so that others
# get their turn and `max_tokens` ends it.
MOST_FORCED = 256
MOST_FORCED_AHEAD = 16

# The default of 200,000 ends inside a word of thousands of like characters.
_LIMITS = LLParserLimits(step_lexer_fuel=20_000_000)


class Constraint(Protocol):
    """What may be written, told line by line."""

    def next_grammar(self, written: str) -> str | None:
        """A Lark grammar, as llguidance reads it, of the next line with its newline; None: all is written.

        Called once with "", then after each finished line with everything written so far. It runs in the
        engine's thread: what it raises ends the generation and reaches the caller.
        """
        ...


@runtime_checkable
class PreferringConstraint(Constraint, Protocol):
    """A constraint that also knows something about a line, whatever the model thinks."""

    def next_preference(self, written: str) -> Preference | None:
        """What it knows of the next line; None: nothing. Called after `next_grammar`, with the same text."""
        ...


class Chooser(Protocol):
    """Decides which token comes next in one generation."""

    @property
    def finished(self) -> bool:
        """Whether nothing comes after what was accepted."""
        ...

    def begin(self) -> list[int]:
        """The tokens that are forced before anything is chosen."""
        ...

    def choose(self, logits: Row) -> int:
        """The next token, from logits of shape (vocabulary,); only when ready.

        Where more than the model has a say, `logits` become those that the token was chosen by.
        """
        ...

    def accept(self, token: int) -> list[int]:
        """Take a chosen token; returns those that are forced after it."""
        ...

    def possible(self, draft: list[int]) -> list[int]:
        """What of a draft may be written next, and what would be forced after it; nothing is accepted."""
        ...


class Greedy:
    """The likeliest token, until the model ends what it writes."""

    finished = False

    def begin(self) -> list[int]:
        return []

    def choose(self, logits: Row) -> int:
        return int(logits.argmax())

    def accept(self, token: int) -> list[int]:
        return []

    def possible(self, draft: list[int]) -> list[int]:
        return draft


class LineByLine:
    """The likeliest token among those that the grammar of the current line allows.

    Where the grammar allows a single continuation, those tokens are forced and the model is not asked.
    """

    def __init__(self, constraint: Constraint, vocabulary: Vocabulary) -> None:
        self.finished = False
        self._constraint = constraint
        self._vocabulary = vocabulary
        self._tokenizer = vocabulary.grammar_tokenizer()
        self._written = bytearray()
        self._mask = np.zeros((vocabulary.size + 31) // 32, np.int32)
        self._preference: Preference | None = None
        self._line = -1  # where the current line starts in what is written; before the first: nowhere
        self._matcher: LLMatcher

    def begin(self) -> list[int]:
        self._next_line()
        return self._forced()

    def choose(self, logits: Row) -> int:
        line = bytes(self._written[self._line :])
        if self._preference is not None and self._preference.speaks(line):
            allowed = self._allowed()
            pieces = [self._vocabulary.piece(int(token)) for token in allowed]
            weighed = logits[allowed] + self._preference.weights(line, pieces)
            logits[:] = -np.inf
            logits[allowed] = weighed
            return int(allowed[weighed.argmax()])
        likeliest = int(logits.argmax())
        if self._matcher.validate_tokens([likeliest]):
            return likeliest
        if self._vocabulary.ends(likeliest) and self._matcher.is_accepting():
            return likeliest
        allowed = self._allowed()
        return int(allowed[logits[allowed].argmax()])

    def _allowed(self) -> NDArray[np.intp]:
        self._matcher.unsafe_compute_mask_ptr(self._mask.ctypes.data, self._mask.nbytes)
        bits = np.unpackbits(self._mask.view(np.uint8), count=self._vocabulary.size, bitorder="little")
        allowed = np.flatnonzero(bits.view(np.bool_))
        if not len(allowed):
            raise self._error("it allows no token here")
        return allowed

    def accept(self, token: int) -> list[int]:
        self._consume([token])
        return self._forced()

    def possible(self, draft: list[int]) -> list[int]:
        draft = draft[: self._matcher.validate_tokens(draft)]
        if not draft:
            return []
        ahead = self._matcher.deep_copy()
        if not ahead.consume_tokens(draft):
            return []
        return draft + (ahead.compute_ff_tokens()[:MOST_FORCED_AHEAD] if not ahead.is_stopped() else [])

    def _forced(self) -> list[int]:
        """Consume all that the grammar forces, also across lines."""
        forced: list[int] = []
        while not self.finished:
            if self._matcher.is_stopped():
                self._next_line()
                continue
            tokens = self._matcher.compute_ff_tokens()
            if not tokens or len(forced) > MOST_FORCED:
                break
            self._consume(tokens)
            forced += tokens
        return forced

    def _consume(self, tokens: list[int]) -> None:
        if not self._matcher.consume_tokens(tokens):
            raise self._error("it refuses a token that it allowed")
        for token in tokens:
            self._written += self._vocabulary.piece(token)

    def _next_line(self) -> None:
        if self._line >= 0 and (self._matcher.is_error() or self._line == len(self._written)):
            raise self._error("it leads nowhere")
        self._line = len(self._written)
        written = self._written.decode(errors="replace")
        grammar = self._constraint.next_grammar(written)
        if grammar is None:
            self.finished = True
            return
        if isinstance(self._constraint, PreferringConstraint):
            self._preference = self._constraint.next_preference(written)
        self._matcher = LLMatcher(self._tokenizer, grammar, log_level=0, limits=_LIMITS)
        if self._matcher.is_error():
            raise self._error(f"it cannot be used:\n{grammar}")

    def _error(self, problem: str) -> GrammarError:
        reason = self._matcher.get_error() or self._matcher.stop_reason()
        written = self._written.decode(errors="replace")
        return GrammarError(f"the grammar after {written!r}: {problem} ({reason})")
