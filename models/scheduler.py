"""Which tokens enter the context next: prompts, segments and what is being written, in one batch."""

from collections import deque
from collections.abc import Sequence

from .adapters import Adapters, Switch
from .ahead import Ahead
from .batch import PROMPT_TOKENS, Batch, Stream
from .cache_settings import IN_MEMORY, CacheSettings
from .confidence import Rows
from .constrained import Chooser, Constraint, Greedy, LineByLine
from .context import Context
from .drafts import Lookup
from .errors import AdapterError, ModelError, NativeError, RequestTooLongError
from .generation import MOST_BEFORE_DRAFT, Generation, Request, Reserved
from .layout import Layout, TokenPrompt
from .library import Model
from .pieces import until_next
from .reuse import SEGMENT_SEQUENCES, Reuse, Reused, Way, segment_sequences, way_of
from .store import CachedSegment, Usage
from .thinking import ThinkFirst
from .vocabulary import Vocabulary

DRAFT_ROWS = 32  # drafted tokens of all generations in one batch
ROOM_TO_WRITE = 64  # a prompt that leaves less for what is to be written is too long
# The first step after a switch takes about 2 ms more. Nobody waits longer than so many steps for each of
# the other adapters, and no request longer than so many that overtake it.
STEPS_BETWEEN_SWITCHES = 32
MOST_OVERTAKEN = 16


class Scheduler:
    """Owns the context and moves every request on, a batch at a time. Not thread-safe."""

    def __init__(
        self,
        model: Model,
        vocabulary: Vocabulary,
        cells: int,
        parallel: int,
        threads: int,
        cache: CacheSettings = IN_MEMORY,
        draft: int = 0,
        prompt_tokens: int = PROMPT_TOKENS,
        fewer_threads: bool = False,
    ) -> None:
        """`parallel` generations run at the same time, in `cells` cells of KV; more requests wait.

        draft: how many tokens a generation may guess ahead. prompt_tokens: of one prompt in one batch.
        fewer_threads: small batches take fewer than `threads` where that is quicker.
        """
        way = way_of(model, cache)
        sequences = segment_sequences(way, cells, prompt_tokens)
        self._vocabulary = vocabulary
        self._layout = Layout(model, vocabulary, tools_apart=way is Way.SHIFTED)
        self._positions = model.positions
        self._prompt_tokens = prompt_tokens
        self._batch = Batch(2 * max(prompt_tokens, PROMPT_TOKENS))
        self._context = Context(
            model,
            cells,
            parallel + sequences,
            batch=self._batch.capacity,
            threads=threads,
            kv_type=cache.type_for(model.metadata),
            drafted=DRAFT_ROWS if draft else 0,
            fewer=fewer_threads,
        )
        self.draft = draft
        """How many tokens a generation may guess ahead."""
        ids = range(parallel, parallel + sequences)
        edges = frozenset(vocabulary.special_tokens().values())
        self._reuse = Reuse(way, model, self._context, ids, cache, prompt_tokens, edges)
        self._segments = self._reuse.store
        self.ahead = Ahead(self._context, self._segments, self._layout, self._batch, self._positions)
        """What is done while nobody waits for text."""
        self._spare = list(range(parallel))
        self.adapters = Adapters(model)
        self._switched: Switch | None = None
        self._steps_since_switch = 0
        self._overtaken = 0
        self._waiting: deque[tuple[Request, ...]] = deque()
        self._running: list[Generation] = []

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do."""
        return bool(self._running or self._waiting) or self.ahead.busy

    @property
    def computed(self) -> int:
        """How many tokens went through the model so far."""
        return self._context.computed

    @property
    def way(self) -> Way:
        """How prompts reuse what was computed."""
        return self._reuse.way

    @property
    def usage(self) -> Usage:
        """What computed segments take."""
        return self._segments.usage

    def fetch(self, seconds: float) -> None:
        """Bring computed segments that were used last closer, for so long."""
        for key in self._reuse.fetch(seconds):
            self._layout.know(key.tokens)

    def submit(self, *requests: Request) -> None:
        """Queue a request; or several that differ only in how their thoughts are drawn."""
        self._waiting.append(requests)

    def remove_adapter(self, name: str) -> None:
        """Free an adapter. Raises `UnknownAdapterError`, and `AdapterError` while something is or will be
        written with it."""
        used = [generation.adapter for generation in self._running]
        used += [request.adapter for requests in self._waiting for request in requests]
        if any(use is not None and use.name == name for use in used):
            file = next(file for file in self.adapters.files if file.name == name)
            raise AdapterError(file.path, f"{name} is writing something; remove it when that has ended")
        self.adapters.remove(name, self._context)
        self._switched = None

    def step(self) -> None:
        """Compute one batch and hand out what came of it; or, while nobody waits, what can be done ahead."""
        if self._running or self._waiting:
            self.ahead.pause()
            self._serve()
            return
        try:
            self._switched = None
            self._context.switch(None)
            self.ahead.step()
        except NativeError as error:
            self._abandon(error)

    def forget(self, on_disk: bool = True) -> None:
        """Let go of every segment that nobody uses, on disk only if asked to."""
        self.ahead.pause()
        self._reuse.forget(on_disk)

    def _serve(self) -> None:
        for generation in list(self._running):
            if generation.cancelled:
                self._end(generation, None)
            elif not generation.stream.pending:  # it would be waited for without end
                self._end(generation, ModelError("the prompt has no tokens: there is nothing to go on from"))
        self._admit()
        self._batch.clear()
        self._switch()
        rows = self._add_generations()
        segment = self._add_segment()
        if not self._batch.size:
            return
        try:
            self._context.switch(self._switched)
            logits = self._context.decode(self._batch)
        except NativeError as error:
            self._abandon(error)
            return
        if segment is not None and segment.complete:
            self._segments.completed(segment)
        for generation, row in rows:
            self._advance(generation, logits[row : row + 1 + len(generation.draft)])
        for generation in list(self._running):
            if generation.later and generation.composed and not generation.stream.pending:
                generation.go_on()

    def _abandon(self, error: Exception) -> None:
        """End every running generation with `error` and start afresh with those that wait."""
        for generation in list(self._running):
            self._end(generation, error)
        self.ahead.pause()
        self._context.clear()
        self._reuse.forget()

    def close(self, error: Exception) -> None:
        """End everything with `error` and free the context."""
        self._segments.close()
        self._abandon(error)
        for requests in self._waiting:
            for request in requests:
                request.outbox.close(error=error)
        self._waiting.clear()
        self.ahead.close(error)
        self._context.close()

    def _admit(self) -> None:
        """Start waiting requests as long as there is room: in their order, but for those of the adapter that
        is switched on, which may overtake a few."""
        while self._waiting and self._spare:
            place = self._next_waiting()
            requests = [request for request in self._waiting[place] if not request.outbox.cancelled]
            try:
                if requests and not self._start(requests):
                    return
            except Exception as error:  # a prompt that is too long, or whatever its constraint raises
                for request in requests:
                    request.outbox.close(error=error)
            del self._waiting[place]
            self._overtaken = self._overtaken + 1 if place else 0

    def _next_waiting(self) -> int:
        """Which of those that wait comes next."""
        if self._overtaken >= MOST_OVERTAKEN or not self._running:
            return 0
        name = self._switched.adapter.file.name if self._switched else None
        names = [requests[0].adapter and requests[0].adapter.name for requests in self._waiting]
        return names.index(name) if name in names else 0

    def _start(self, requests: list[Request]) -> bool:
        """Make requests with one prompt run; False when they have to wait until another one ends."""
        first = requests[0]
        tokens = first.tokens = first.tokens or self._layout.tokens(first.prompt)
        switch = self.adapters.get(first.adapter)
        first.read_under = switch.identity if switch and switch.reads_prompt else ""
        reused = self._reuse.segments(tokens, first.read_under)
        room = self._room(tokens, reused, min(first.max_tokens, ROOM_TO_WRITE)) // len(requests)
        cells = len(tokens.rest) + reused.copied + len(requests) * min(first.max_tokens, room)
        reserved = Reserved(cells)
        every = {reserved, *(running.reserved for running in self._running)}
        free = self._context.cells - sum(one.cells for one in every)
        if len(self._spare) < len(requests) or not self._segments.fit(reused.keys, free):
            return False
        alone = not self._running
        if known := self._reuse.known(tokens, first.read_under, switch, free, alone):
            reused, free = known, free + known.start
            reserved.cells -= known.start
        stream = Stream(-1, reused.start, list(reused.rest))
        lookup = Lookup(tokens.rest, self.draft, self._vocabulary, first.hint) if self.draft else None
        generation = Generation(
            requests, self._chooser(requests), self._vocabulary, stream, room, reserved, switch, lookup
        )
        generation.ends = reused.ends
        generation.begin()
        if generation.finished:
            generation.close()
            return True
        stream.sequence, *generation.spare = [self._spare.pop() for _ in requests]
        generation.segments = self._segments.acquire(reused.keys, free, alone)
        for running in self._running:
            running.alone = False
        generation.alone = alone
        self._running.append(generation)
        return True

    def _chooser(self, requests: Sequence[Request]) -> Chooser:
        def constrained(constraint: Constraint | None) -> Chooser:
            return LineByLine(constraint, self._vocabulary) if constraint else Greedy()

        request = requests[0]
        thoughts = [each.thinking for each in requests if each.thinking is not None]
        if not thoughts:
            return constrained(request.constraint)
        make = thoughts[0].then or (lambda _: request.constraint)
        return ThinkFirst(thoughts, self._vocabulary, lambda thought: constrained(make(thought)))

    def _room(self, tokens: TokenPrompt, reused: Reused, needed: int) -> int:
        """How many tokens can be written after a prompt when nothing else runs; not fewer than `needed`."""
        cells = self._context.cells - sum(len(key.tokens) for key in reused.keys) - reused.copied
        most = min(cells, self._positions - reused.start) - 1
        if len(reused.keys) > SEGMENT_SEQUENCES:
            raise RequestTooLongError(
                f"at most {SEGMENT_SEQUENCES - 1} tools fit at once, not {len(reused.keys) - 1}"
            )
        fits = most + 1 - needed
        if len(tokens.rest) > fits:
            raise RequestTooLongError(
                f"the request with its history takes {len(tokens.rest):,} tokens and {max(fits, 0):,} fit"
                f" beside {len(tokens.tools)} tools; shorten it, or keep long text in a file for a tool"
            )
        return most + 1 - len(tokens.rest)

    def _add_generations(self) -> list[tuple[Generation, int]]:
        """Put every generation's next tokens into the batch, prompts last.

        Returns which row of the batch's logits each generation will have.
        """
        rows = []
        left = DRAFT_ROWS
        for generation in sorted(self._running, key=lambda running: len(running.stream.pending)):
            if generation.under != self._switched:
                continue
            if not generation.composed and not self._compose(generation):
                continue
            most = until_next(generation.ends, generation.stream.position, self._prompt_tokens)
            if min(len(generation.stream.pending), most) > self._batch.room:
                continue  # whole pieces only: what is read together is rounded together
            if len(generation.stream.pending) <= most:
                generation.add_draft(min(left, self._batch.room - MOST_BEFORE_DRAFT))
                left -= len(generation.draft)
                most += len(generation.draft)
            wanted = 0 if generation.later else 1 + len(generation.draft)
            row = self._batch.add(generation.stream, most, wanted)
            if row is not None:
                rows.append((generation, row))
        return rows

    def _switch(self) -> None:
        """Choose the adapter of this step: the one that is on, until others have waited long enough."""
        wanted = list(dict.fromkeys(running.under for running in self._running))
        self._steps_since_switch += 1
        if self._switched in wanted and (
            len(wanted) == 1 or self._steps_since_switch < STEPS_BETWEEN_SWITCHES
        ):
            return
        if wanted:
            place = wanted.index(self._switched) + 1 if self._switched in wanted else 0
            self._switched = wanted[place % len(wanted)]
            self._steps_since_switch = 0

    def _compose(self, generation: Generation) -> bool:
        """Let a generation see its segments, if all are complete."""
        if not all(segment.complete for segment in generation.segments):
            return False
        self._reuse.compose(generation, self._alone(generation))
        generation.composed = True
        return True

    def _alone(self, generation: Generation) -> bool:
        """Whether nothing else that runs has cells in the context."""
        return all(other is generation for other in self._running)

    def _add_segment(self) -> CachedSegment | None:
        """Put tokens of the first segment that someone waits for into the batch.

        One segment a batch: what is computed then doesn't depend on which others were missing.
        """
        for generation in self._running:
            if generation.under != self._switched:
                continue
            for segment in generation.segments:
                if not segment.complete:
                    self._segments.read(segment, self._batch, self._alone(generation))
                    return segment
        return None

    def _advance(self, generation: Generation, logits: Rows) -> None:
        for other in generation.part(logits[0]):
            self._context.copy(generation.stream.sequence, other.stream.sequence)
            self._segments.share(other.segments)
            self._running.append(other)
            self._advance(other, logits)
        try:
            wrong = generation.advance(logits)
        except Exception as error:  # a full context, or whatever its constraint raises
            self._end(generation, error)
        else:
            if wrong:
                generation.stream.position -= wrong
                self._context.remove(generation.stream.sequence, start=generation.stream.position)
            if generation.finished:
                self._end(generation, None)

    def _end(self, generation: Generation, error: Exception | None) -> None:
        if error is None:
            self._reuse.keep(generation)
        generation.close(error)
        self._running.remove(generation)
        self._context.remove(generation.stream.sequence)
        self._spare += [generation.stream.sequence, *generation.spare]
        self._segments.release(generation.segments)
