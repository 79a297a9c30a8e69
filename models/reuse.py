"""Which of the three ways of reuse a model goes, and what of a prompt comes from the store that way."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import llama_cpp

from .adapters import Switch
from .batch import PROMPT_TOKENS
from .cache_settings import CacheSettings
from .context import Context
from .generation import Generation
from .kv_copies import KVCopies
from .kv_files import KVFiles
from .kv_memory import KVMemory
from .kv_types import KVType, cell_bytes
from .layout import TokenPrompt, in_order, segment_keys
from .library import Model
from .origin import Origin
from .pieces import Pieces
from .prefixes import Prefixes, longest_piece
from .segment_key import SegmentKey
from .shifting import put_in_a_row
from .store import KVStore

SEGMENT_SEQUENCES = 64  # more would slow every step down
MOST_SEQUENCES = 190  # llama.cpp has 256, of which 64 may be generations
RESIDENT_CELLS = 512
_TURNED = (llama_cpp.LLAMA_ROPE_TYPE_NORM, llama_cpp.LLAMA_ROPE_TYPE_NEOX)


class Way(StrEnum):
    """How what was computed is used again, see docs/caching.md."""

    PARALLEL = "parallel segments"
    PREFIXES = "prefixes"
    SHIFTED = "shifted segments"


def way_of(model: Model, cache: CacheSettings) -> Way:
    """Parallel segments where the model declares them; else shifted ones, where they are asked for and its
    keys can be turned; else prefixes.

    Keys of fewer than 16 bits would be rounded anew each time that others are turned.
    """
    if model.parallel_segments:
        return Way.PARALLEL
    turned = llama_cpp.llama_model_rope_type(model.pointer) in _TURNED
    whole = not (
        llama_cpp.llama_model_is_recurrent(model.pointer) or llama_cpp.llama_model_is_hybrid(model.pointer)
    )
    if cache.shifted and turned and whole and cache.type_for(model.metadata) is KVType.F16:
        return Way.SHIFTED
    return Way.PREFIXES


def segment_sequences(way: Way, cells: int, prompt_tokens: int) -> int:
    """How many sequences of the context segments need: for prefixes, as many as fill it."""
    if way is not Way.PREFIXES:
        return SEGMENT_SEQUENCES + (way is Way.SHIFTED)  # one to move them in
    return min(MOST_SEQUENCES, 2 * cells // longest_piece(prompt_tokens) + 8)


@dataclass(frozen=True, slots=True)
class Reused:
    """What of a prompt comes from the store: segments, after which `rest` starts at position `start`.

    copied: how many cells it takes besides theirs, since it has some of them in another position. ends:
    positions at which a batch ends, in order.
    """

    keys: list[SegmentKey]
    start: int
    rest: tuple[int, ...]
    copied: int = 0
    ends: tuple[int, ...] = ()


class Reuse:
    """Puts what was computed before the rest of prompts, and keeps what is computed."""

    def __init__(
        self,
        way: Way,
        model: Model,
        context: Context,
        sequences: range,
        cache: CacheSettings,
        prompt_tokens: int,
        edges: Collection[int],
    ) -> None:
        """`sequences` are the ids that segments may use; prompts are read in batches of `prompt_tokens`.
        `edges` are the special tokens, which stand where something new begins."""
        self.way = way
        self._context = context
        self._scratch = sequences[-1]
        own = sequences[:-1] if way is Way.SHIFTED else sequences
        together = prompt_tokens if way is Way.PREFIXES else PROMPT_TOKENS
        self.store = _store(way, model, context, own, cache, together)
        """What owns every segment."""
        self._pieces = Pieces(longest_piece(prompt_tokens), edges)
        self._prefixes = Prefixes(self.store, self._pieces) if way is Way.PREFIXES else None

    def fetch(self, seconds: float) -> list[SegmentKey]:
        """Bring what was used last closer: from the disk into memory, for so long, and from there into the
        context, where a prompt that goes on where the process before ended finds it in place.

        Returns what is in memory then."""
        fetched = self.store.copies.fetch(seconds)
        if self.way is Way.PARALLEL:
            self.store.bring(in_order(self.store.copies.latest()))
        return fetched

    def segments(self, tokens: TokenPrompt, adapter: str) -> Reused:
        """What a prompt needs to come from the store, computed where it has to be."""
        keys = segment_keys(tokens, adapter)
        tools = sum(map(len, tokens.tools))
        if self.way is Way.SHIFTED:
            moved = tools - len(tokens.tools[0]) if tokens.tools else 0
            return Reused(keys, len(tokens.system) + tools, tokens.rest, moved)
        return Reused(keys, max((key.end for key in keys), default=0), tokens.rest)

    def known(
        self, tokens: TokenPrompt, adapter: str, switch: Switch | None, room: int, alone: bool
    ) -> Reused | None:
        """What a prompt begins with that the store happens to have, in the context already; None where that
        is not how this model's prompts are read.

        room: the cells that are left if nothing is reused. alone: nobody uses the context.
        """
        if self._prefixes is None:
            return None
        beginning = _reusable(tokens.rest, switch)
        keys = self._prefixes.find(beginning, adapter, lambda reused: room + reused, alone)
        start = keys[-1].end if keys else 0
        return Reused(keys, start, tokens.rest[start:], ends=tuple(self._pieces.ends(tokens.rest)))

    def compose(self, generation: Generation, alone: bool) -> None:
        """Let a generation see its segments, which are complete. alone: nobody else uses the context."""
        if self.way is Way.SHIFTED:
            put_in_a_row(self._context, self.store, generation, self._scratch)
            return
        if alone:
            self.store.line_up(generation.segments)
        else:
            self.store.bring_back(generation.segments)
        for segment in generation.segments:
            assert segment.stream is not None
            self._context.copy(segment.stream.sequence, generation.stream.sequence)

    def keep(self, generation: Generation) -> None:
        """Keep what a generation has read that others may read as well, before it ends."""
        if self._prefixes is None or not generation.composed:
            return
        tokens = tuple(generation.tokens[: min(generation.stream.position, generation.read_alike)])
        reused = [segment.key for segment in generation.segments]
        sequence, adapter = generation.stream.sequence, generation.read_under
        self._prefixes.keep(sequence, tokens, adapter, reused, generation.alone)

    def forget(self, on_disk: bool = False) -> None:
        """Let go of every segment that nobody uses, on disk only if asked to."""
        self.store.forget(on_disk)
        if self._prefixes is not None:
            self._prefixes.forget()


def _store(
    way: Way, model: Model, context: Context, sequences: range, cache: CacheSettings, together: int
) -> KVStore:
    """together: how many tokens of a segment share a batch."""
    kv_type = cache.type_for(model.metadata)
    resident = context.cells // 2 if way is Way.PREFIXES else RESIDENT_CELLS
    if cache.context_bytes is not None:
        resident = cache.context_bytes // cell_bytes(model.metadata, kv_type)
    files = None
    if cache.disk_bytes:
        origin = Origin.here(model, kv_type, context.flash_attention, together)
        files = KVFiles(cache.files_folder, origin, cache.disk_bytes)
    return KVStore(context, sequences, resident, KVCopies(KVMemory(cache.memory_bytes), files))


def _reusable(prompt: tuple[int, ...], switch: Switch | None) -> tuple[int, ...]:
    """What of a prompt may come from before: all that its reader reads, but for the last token, after which
    text is written."""
    end = len(prompt) - 1
    if switch is not None and not switch.reads_prompt:
        end = min(end, switch.starts_at(prompt, len(prompt)))
    return prompt[:end]
