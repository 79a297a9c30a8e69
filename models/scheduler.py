"""Which tokens enter the context next: prompts, segments and what is being written, in one batch."""

from collections import deque

from .batch import Batch, Stream
from .confidence import Row
from .constrained import Greedy, LineByLine
from .context import Context
from .errors import NativeError, RequestTooLongError
from .generation import Generation, Request
from .layout import Layout, TokenPrompt
from .library import Model
from .segment_key import SegmentKey
from .segments import CachedSegment, Segments
from .vocabulary import Vocabulary

# Tokens of one prompt in one batch: enough for full speed, few enough that others don't wait long for theirs.
PROMPT_TOKENS = 128
SEGMENT_SEQUENCES = 64  # more would slow every step down
RESIDENT_CELLS = 512
SAVED_BYTES = 256 * 2**20


class Scheduler:
    """Owns the context and moves every request on, a batch at a time. Not thread-safe."""

    def __init__(self, model: Model, vocabulary: Vocabulary, cells: int, parallel: int, threads: int) -> None:
        """`parallel` generations run at the same time, in `cells` cells of KV; more requests wait."""
        segment_sequences = SEGMENT_SEQUENCES if model.parallel_segments else 0
        self._vocabulary = vocabulary
        self._layout = Layout(model, vocabulary)
        self._positions = model.positions
        self._batch = Batch(2 * PROMPT_TOKENS)
        self._context = Context(
            model,
            cells,
            parallel + segment_sequences,
            batch=self._batch.capacity,
            threads=threads,
        )
        ids = range(parallel, parallel + segment_sequences)
        self._segments = Segments(self._context, ids, RESIDENT_CELLS, SAVED_BYTES)
        self._spare = list(range(parallel))
        self._waiting: deque[Request] = deque()
        self._running: list[Generation] = []
        self.computed = 0
        """How many tokens went through the model so far."""

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do."""
        return bool(self._running or self._waiting)

    def submit(self, request: Request) -> None:
        """Queue a request."""
        self._waiting.append(request)

    def step(self) -> None:
        """Compute one batch and hand out what came of it."""
        for generation in [running for running in self._running if running.cancelled]:
            self._end(generation, None)
        self._admit()
        self._batch.clear()
        rows = self._add_generations()
        segment = self._add_segment()
        if not self._batch.size:
            return
        try:
            logits = self._context.decode(self._batch)
        except NativeError as error:
            self._abandon(error)
            return
        self.computed += self._batch.size
        if segment is not None and segment.complete:
            self._segments.completed(segment)
        for generation, row in rows:
            self._advance(generation, logits[row])

    def _abandon(self, error: Exception) -> None:
        """End every running generation with `error` and start afresh with those that wait."""
        for generation in list(self._running):
            self._end(generation, error)
        self._context.clear()
        self._segments.forget()

    def close(self, error: Exception) -> None:
        """End everything with `error` and free the context."""
        self._abandon(error)
        for request in self._waiting:
            request.outbox.close(error=error)
        self._waiting.clear()
        self._context.close()

    def _admit(self) -> None:
        """Start waiting requests, in their order, as long as there is room."""
        while self._waiting and self._spare:
            request = self._waiting[0]
            try:
                if not request.outbox.cancelled and not self._start(request):
                    return
            except Exception as error:  # a prompt that is too long, or whatever its constraint raises
                request.outbox.close(error=error)
            self._waiting.popleft()

    def _start(self, request: Request) -> bool:
        """Make a request's generation run; False when it has to wait until another one ends."""
        if request.tokens is None:
            request.tokens = self._layout.tokens(request.prompt)
        keys = _segment_keys(request.tokens, request.read_under)
        room = self._room(request.tokens, keys)
        reserved = len(request.tokens.rest) + min(request.max_tokens, room)
        free = self._context.cells - reserved - sum(running.reserved for running in self._running)
        if not self._segments.fit(keys, free):
            return False
        chooser = LineByLine(request.constraint, self._vocabulary) if request.constraint else Greedy()
        stream = Stream(self._spare[-1], _start_of_rest(keys), list(request.tokens.rest))
        generation = Generation(request, chooser, self._vocabulary, stream, room, reserved)
        generation.begin()
        if generation.finished:
            generation.close()
            return True
        self._spare.pop()
        generation.segments = self._segments.acquire(keys, free)
        self._running.append(generation)
        return True

    def _room(self, tokens: TokenPrompt, keys: list[SegmentKey]) -> int:
        """How many tokens can be written after a prompt when nothing else runs."""
        cells = self._context.cells - sum(len(key.tokens) for key in keys)
        most = min(cells, self._positions - _start_of_rest(keys)) - 1
        if len(keys) > SEGMENT_SEQUENCES:
            raise RequestTooLongError(
                f"at most {SEGMENT_SEQUENCES - 1} tools fit at once, not {len(keys) - 1}"
            )
        if len(tokens.rest) > most:
            raise RequestTooLongError(
                f"the request with its history takes {len(tokens.rest):,} tokens and {max(most, 0):,} fit"
                f" beside {len(tokens.tools)} tools; shorten it, or keep long text in a file for a tool"
            )
        return most + 1 - len(tokens.rest)

    def _add_generations(self) -> list[tuple[Generation, int]]:
        """Put every generation's next tokens into the batch, prompts last.

        Returns which row of the batch's logits each generation will have.
        """
        rows = []
        for generation in sorted(self._running, key=lambda running: len(running.stream.pending)):
            if not generation.composed and not self._compose(generation):
                continue
            row = self._batch.add(generation.stream, PROMPT_TOKENS, logits=True)
            if row is not None:
                rows.append((generation, row))
        return rows

    def _compose(self, generation: Generation) -> bool:
        """Let a generation see its segments, if all are complete."""
        streams = [segment.stream for segment in generation.segments if segment.complete]
        if len(streams) < len(generation.segments):
            return False
        for stream in streams:
            assert stream is not None
            self._context.copy(stream.sequence, generation.stream.sequence)
        generation.composed = True
        return True

    def _add_segment(self) -> CachedSegment | None:
        """Put tokens of the first segment that someone waits for into the batch.

        One segment a batch: what is computed then doesn't depend on which others were missing.
        """
        for generation in self._running:
            for segment in generation.segments:
                if not segment.complete:
                    assert segment.stream is not None
                    if len(segment.stream.pending) == len(segment.key.tokens):
                        self._segments.begin(segment)
                    self._batch.add(segment.stream, PROMPT_TOKENS, logits=False)
                    return segment
        return None

    def _advance(self, generation: Generation, logits: Row) -> None:
        try:
            generation.advance(logits)
        except Exception as error:  # a full context, or whatever its constraint raises
            self._end(generation, error)
        else:
            if generation.finished:
                self._end(generation, None)

    def _end(self, generation: Generation, error: Exception | None) -> None:
        generation.close(error)
        self._running.remove(generation)
        self._context.remove(generation.stream.sequence)
        self._spare.append(generation.stream.sequence)
        self._segments.release(generation.segments)


def _segment_keys(tokens: TokenPrompt, adapter: str) -> list[SegmentKey]:
    system = [SegmentKey((), tokens.system, adapter)] if tokens.system else []
    return system + [SegmentKey(tokens.system, tool, adapter) for tool in tokens.tools]


def _start_of_rest(keys: list[SegmentKey]) -> int:
    return max((key.end for key in keys), default=0)
