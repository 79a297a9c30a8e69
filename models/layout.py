"""How a prompt becomes tokens: which special tokens stand where, and what may be computed on its own."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from .chat import ChatLayout
from .dialects import DIALECT, FACTS, PLAN, REQUEST, RESULT, SYSTEM, TOOL, TURN
from .errors import ModelFileError
from .foreign import PLAIN, chat_template_in
from .library import Model
from .prompt import Prompt, Segment, SegmentKind
from .segment_key import SegmentKey
from .vocabulary import Vocabulary

# The special token before each part of a segment, and the one after its last part.
_BEFORE = {
    SegmentKind.SYSTEM: (SYSTEM,),
    SegmentKind.TOOL: (TOOL,),
    SegmentKind.TURN: (TURN, PLAN, RESULT),
    SegmentKind.FACTS: (FACTS,),
    SegmentKind.REQUEST: (REQUEST,),
}
_AFTER = {SegmentKind.REQUEST: PLAN}


@dataclass(frozen=True, slots=True)
class TokenPrompt:
    """A prompt's tokens.

    `system` starts at position 0; each of `tools` is computed where `system` ends and sees only that and
    itself; `rest` starts where the longest tool ends, or the last one where they are moved into a row, and
    sees everything.
    """

    system: tuple[int, ...]
    tools: tuple[tuple[int, ...], ...]
    rest: tuple[int, ...]


class Layout:
    """Lays prompts out for one model: ours with its special tokens, any other in its chat template, or as
    plain text in order where it has none."""

    def __init__(self, model: Model, vocabulary: Vocabulary, tools_apart: bool = False) -> None:
        """tools_apart: tell tools from the rest also where they are read in order.

        Raises `ModelFileError` when special tokens of our dialect are missing, `TemplateError` for a chat
        template that is broken."""
        self._vocabulary = vocabulary
        self._parallel = model.parallel_segments
        self._apart = tools_apart
        self._special: dict[str, int] = {}
        self._segment = lru_cache(maxsize=8192)(self._tokenize)
        self._known: dict[Segment, tuple[int, ...]] = {}
        self._chat: ChatLayout | None = None
        if model.dialect != DIALECT:
            if chat_template_in(model.metadata) is not None and model.dialect != PLAIN:
                self._chat = ChatLayout(model.metadata, vocabulary, model.dialect)
            return
        for name in (*(name for names in _BEFORE.values() for name in names), *_AFTER.values()):
            token = vocabulary.special(name)
            if token is None:
                raise ModelFileError(
                    model.path, f"its vocabulary lacks {name}", "the special tokens of its dialect"
                )
            self._special[name] = token

    def tokens(self, prompt: Prompt) -> TokenPrompt:
        """Lay a prompt out. Where tool segments cannot be parallel, everything is in `rest`, unless they are
        to be told apart."""
        if self._parallel:
            return self._side_by_side(prompt)
        if not self._apart:
            return TokenPrompt((), (), self._in_order(prompt))
        system, *tools, rest = self._pieces(prompt)
        if not all(tools) or len(set(tools)) < len(tools):
            return TokenPrompt((), (), self._in_order(prompt))
        return TokenPrompt(system, tuple(tools), rest)

    def _side_by_side(self, prompt: Prompt) -> TokenPrompt:
        # One order of tools for one set: rounding depends on the order of computing.
        tools = sorted({self._segment(tool) for tool in prompt.of_kind(SegmentKind.TOOL)})  # see `in_order`
        system = self._sequence(prompt.of_kind(SegmentKind.SYSTEM))
        rest = prompt.of_kind(SegmentKind.TURN, SegmentKind.FACTS, SegmentKind.REQUEST)
        return TokenPrompt(system, tuple(tools), self._sequence(rest))

    def _in_order(self, prompt: Prompt) -> tuple[int, ...]:
        if self._chat is not None:
            return self._chat.tokens(prompt)
        return (*self._vocabulary.beginning(), *self._sequence(prompt.segments))

    def _pieces(self, prompt: Prompt) -> list[tuple[int, ...]]:
        """What is in order, cut before the first tool, between tools and after the last; the first piece is
        empty where tools cannot be told from the rest."""
        if self._chat is not None:
            pieces = self._chat.apart(prompt)
            return pieces if len(pieces) > 1 else [(), *pieces]
        system = (*self._vocabulary.beginning(), *self._sequence(prompt.of_kind(SegmentKind.SYSTEM)))
        tools = [self._segment(tool) for tool in prompt.of_kind(SegmentKind.TOOL)]
        rest = prompt.of_kind(SegmentKind.TURN, SegmentKind.FACTS, SegmentKind.REQUEST)
        return [system, *tools, self._sequence(rest)]

    def segments(self, segments: Sequence[Segment]) -> TokenPrompt:
        """Lay out segments that are to be computed on their own: nothing where that cannot be."""
        if not self._parallel:
            return TokenPrompt((), (), ())
        system = [segment for segment in segments if segment.kind is SegmentKind.SYSTEM]
        tools = dict.fromkeys(
            self._segment(segment) for segment in segments if segment.kind is SegmentKind.TOOL
        )
        return TokenPrompt(self._sequence(tuple(system)), tuple(tools), ())

    def know(self, tool: tuple[int, ...]) -> None:
        """Take over the tokens of a tool, as this vocabulary has told them before: telling takes 0.2 ms a
        tool. Where text cannot be told from its tokens to the last byte, nothing happens."""
        if self._special and tool[:1] == (self._special[TOOL],) and self._vocabulary.spells_bytes:
            text = b"".join(map(self._vocabulary.piece, tool[1:]))
            with suppress(UnicodeDecodeError):
                self._known[Segment.tool(text.decode())] = tool

    def _sequence(self, segments: tuple[Segment, ...]) -> tuple[int, ...]:
        return tuple(token for segment in segments for token in self._segment(segment))

    def _tokenize(self, segment: Segment) -> tuple[int, ...]:
        if not self._special:
            return tuple(self._vocabulary.tokenize("".join(part + "\n" for part in segment.parts)))
        if segment in self._known:
            return self._known[segment]
        tokens: list[int] = []
        for place, before in enumerate(_BEFORE[segment.kind]):
            tokens.append(self._special[before])
            tokens += self._vocabulary.tokenize(segment.parts[place]) if place < len(segment.parts) else ()
        if segment.kind in _AFTER:
            tokens.append(self._special[_AFTER[segment.kind]])
        return tuple(tokens)


def in_order(keys: Iterable[SegmentKey]) -> list[SegmentKey]:
    """Parallel segments as they stand in a prompt: what others see first, then tools by their tokens."""
    return sorted(keys, key=lambda key: (len(key.before), key.tokens))


def segment_keys(tokens: TokenPrompt, adapter: str) -> list[SegmentKey]:
    """What a prompt's segments are known by when that adapter reads them; those that others see first."""
    system = [SegmentKey((), tokens.system, adapter)] if tokens.system else []
    return system + [SegmentKey(tokens.system, tool, adapter) for tool in tokens.tools]
