"""The engine: a model in a thread of its own, and an async face that streams what it writes."""

import asyncio
import atexit
import json
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import llama_cpp
from pydantic import BaseModel, ConfigDict, Field

from .adapter_file import AdapterFile, read_adapter
from .adapters import AdapterUse
from .batch import PROMPT_TOKENS
from .cache_settings import CacheSettings
from .call import Call
from .confidence import Row
from .constrained import Constraint
from .context import draft_count, thread_count
from .drafts import Hint
from .errors import EngineClosedError, NativeError
from .foreign import NATIVE
from .generation import Request
from .library import Model, load_model
from .metadata import Metadata
from .outbox import Chunk, Outbox
from .prompt import Prompt, Segment
from .registration import Registration
from .reuse import Way
from .scheduler import Scheduler
from .store import Usage
from .thinking import Thinking
from .vocabulary import Vocabulary

EXIT_TIMEOUT_S = 5.0
FETCH_S = 0.1
"""How much longer loading takes so that the first request finds what was used last in memory."""


class EngineSettings(BaseModel):
    """How an engine uses the machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context_tokens: int | None = Field(
        default=None,
        ge=64,
        description="KV cells that all running generations share; None: 6144 for models that keep tools"
        " apart, whose prompts are short, 8192 for others",
    )
    parallel_generations: int = Field(default=8, ge=1, le=64, description="how many run at once; more wait")
    threads: int | None = Field(default=None, ge=1, description="None: what suits machine, model and moment")
    prompt_tokens: int | None = Field(
        default=None, ge=16, le=2048, description="of one request, read at once; None: 128"
    )
    cache: CacheSettings = CacheSettings()
    draft_tokens: int | None = Field(
        default=None, ge=0, le=24, description="how far to guess ahead; None: what suits the model; 0: not"
    )
    dialect: str | None = Field(
        default=None, description="one of `foreign.DIALECTS`; None: as the model's file suggests"
    )


class LlamaEngine:
    """A loaded model that writes. Make one with `load`, and close it; it may also be used with `async with`.

    `generate` may be called from many tasks at once, and from one event loop after another.
    """

    def __init__(self, thread: "EngineThread", model: Model, vocabulary: Vocabulary) -> None:
        """Use `load`."""
        self.metadata: Metadata = {
            **model.metadata,
            "scrubjay.special_tokens": json.dumps(vocabulary.markers() if model.dialect in NATIVE else {}),
        }
        self.vocabulary = vocabulary
        self.path = model.path
        self.parallel = thread.settings.parallel_generations
        """How many generations run at once."""
        self.drafter: LlamaEngine | None = None
        """A small model whose plans make this one faster; it is closed with this one."""
        self._thread = thread
        self._adapters: tuple[AdapterFile, ...] = ()
        # The thread is a daemon so that a forgotten engine cannot keep the interpreter from ending; llama.cpp
        # must still be out of its hands before that, or the process may end in a crash.
        self._finalizer = weakref.finalize(self, thread.stop, EXIT_TIMEOUT_S)

    @classmethod
    async def load(cls, path: Path, settings: EngineSettings | None = None) -> Self:
        """Load a GGUF model. Raises `ModelFileError` or `NativeError`, see `load_model`."""
        thread = EngineThread(path, settings or EngineSettings())
        thread.start()
        try:
            model, vocabulary = await asyncio.wrap_future(thread.loaded)
        except asyncio.CancelledError:
            thread.stop(timeout_s=0)
            atexit.register(thread.stop, EXIT_TIMEOUT_S)  # it may be loading still
            raise
        return cls(thread, model, vocabulary)

    async def generate(
        self,
        prompt: Prompt,
        *,
        constraint: Constraint | None = None,
        max_tokens: int = 512,
        adapter: AdapterUse | None = None,
        thinking: Thinking | None = None,
        hint: Hint | None = None,
        watch: Callable[[Row, int], None] | None = None,
    ) -> AsyncGenerator[Chunk, None]:
        """Write what follows `prompt`, greedily, until the model or the constraint ends it or `max_tokens`
        are written; chunks come as they are written.

        adapter: what writes it. thinking: write a thought first, whose tokens `max_tokens` doesn't count.
        hint: what may come out, from somebody who knows less; it changes how fast, never what is written.
        watch: gets, in the engine's thread, the model's own logits for each chosen token, and the token.

        Closing the generator, or cancelling the task that waits for it, stops the writing within one token.
        Raises `RequestTooLongError`, `ContextFullError` (after the chunks that fitted), `GrammarError`,
        `UnknownAdapterError`, `CannotThinkError`, `TemplateError`, `EngineClosedError`, or what the
        constraint raises.
        """
        request = _request(prompt, constraint, max_tokens, adapter, thinking)
        request.hint = hint
        request.watch = watch
        self._thread.submit(request)
        async with aclosing(_stream(request.outbox)) as chunks:
            async for chunk in chunks:
                yield chunk

    @asynccontextmanager
    async def samples(
        self,
        prompt: Prompt,
        thoughts: Sequence[Thinking],
        *,
        constraint: Constraint | None = None,
        max_tokens: int = 512,
        adapter: AdapterUse | None = None,
    ) -> AsyncIterator[list[AsyncGenerator[Chunk, None]]]:
        """Write once for each of `thoughts`, side by side; the prompt is read once, and what thoughts have in
        common from their start on is written once.

        Each stream is as `generate` gives it, and closing it stops that one alone; leaving the context stops
        all. Raises ValueError for more thoughts than `parallel`, and for thoughts that differ in more than
        their temperature and seed.
        """
        if len({(thinking.max_tokens, thinking.then, thinking.sums) for thinking in thoughts}) > 1:
            raise ValueError("thoughts side by side have one budget, and one constraint after them")
        if len(thoughts) > self.parallel:
            raise ValueError(
                f"{len(thoughts)} thoughts at once, and this engine runs {self.parallel} generations;"
                " load it with more parallel_generations"
            )
        requests = [_request(prompt, constraint, max_tokens, adapter, thinking) for thinking in thoughts]
        self._thread.submit(*requests)
        streams = [_stream(request.outbox) for request in requests]
        try:
            yield streams
        finally:
            for request, stream in zip(requests, streams, strict=True):
                request.outbox.cancelled = True
                await stream.aclose()

    @property
    def drafts(self) -> bool:
        """Whether it guesses ahead, so that a hint makes it faster."""
        return self._thread.scheduler.draft > 0

    @property
    def adapters(self) -> tuple[AdapterFile, ...]:
        """The adapters that `generate` may name, in the order in which they were added."""
        return self._adapters

    async def add_adapter(self, path: Path, name: str | None = None) -> AdapterFile:
        """Load a LoRA adapter (GGUF) beside the model, under the file's name or another one.

        Raises `AdapterError` with the reason where it doesn't fit the model, and `ModelFileError` where the
        file is damaged.
        """
        file = await asyncio.to_thread(read_adapter, path, self.path, name)
        self._adapters = await asyncio.wrap_future(self._thread.call(lambda s: _add(s, file)))
        return file

    async def remove_adapter(self, name: str) -> None:
        """Free an adapter. Raises `UnknownAdapterError`, and `AdapterError` while it is in use."""
        self._adapters = await asyncio.wrap_future(self._thread.call(lambda s: _remove(s, name)))

    async def register(
        self,
        segments: Sequence[Segment],
        *,
        pinned: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Compute tools ahead of any request, each once, while nobody waits for text.

        segments: the system segment as in the prompts to come, and tools. What is in memory or on disk
        already is not computed again; models that cannot keep tools apart compute nothing. pinned: they leave
        neither for others. progress: is told how many are ready, and of how many.

        Returns how many had to be computed. Cancelling stops after the current batch. Raises
        `EngineClosedError` and `NativeError`.
        """
        registration = Registration(segments, pinned, progress)
        queued = self._thread.call(lambda scheduler: scheduler.ahead.register(registration))
        try:
            await asyncio.wrap_future(queued)
            await registration.wait()
        finally:
            registration.cancelled = True
        return registration.computed

    async def forget(self, *, on_disk: bool = True) -> None:
        """Let go of all that was computed and nobody uses; this model's files on disk only if asked to."""
        await asyncio.wrap_future(self._thread.call(lambda scheduler: scheduler.forget(on_disk)))

    @property
    def way(self) -> Way:
        """How this model's prompts reuse what was computed."""
        return self._thread.scheduler.way

    @property
    def usage(self) -> Usage:
        """What computed segments take, as of about now."""
        return self._thread.scheduler.usage

    @property
    def computed_tokens(self) -> int:
        """How many tokens went through the model so far: what was reused is not among them."""
        return self._thread.scheduler.computed

    async def aclose(self) -> None:
        """End what is being written with `EngineClosedError` and free the model; may be called twice."""
        self._finalizer.detach()
        await asyncio.to_thread(self._thread.stop)
        if self.drafter is not None:
            await self.drafter.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _request(
    prompt: Prompt,
    constraint: Constraint | None,
    max_tokens: int,
    adapter: AdapterUse | None,
    thinking: Thinking | None,
) -> Request:
    if max_tokens < 1:
        raise ValueError(f"max_tokens is {max_tokens}; at least one token must be allowed")
    thought = thinking.max_tokens + 2 if thinking else 0  # with the tokens that open and close it
    return Request(prompt, constraint, max_tokens + thought, Outbox(), adapter, thinking)


async def _stream(outbox: Outbox) -> AsyncGenerator[Chunk, None]:
    try:
        while (chunk := await outbox.receive()) is not None:
            yield chunk
    finally:
        outbox.cancelled = True


def _add(scheduler: Scheduler, file: AdapterFile) -> tuple[AdapterFile, ...]:
    scheduler.adapters.add(file)
    return scheduler.adapters.files


def _remove(scheduler: Scheduler, name: str) -> tuple[AdapterFile, ...]:
    scheduler.remove_adapter(name)
    return scheduler.adapters.files


class EngineThread:
    """The thread that alone touches llama.cpp: loads, moves the scheduler on while it is busy, frees."""

    def __init__(self, path: Path, settings: EngineSettings) -> None:
        self.loaded: Future[tuple[Model, Vocabulary]] = Future()
        self.scheduler: Scheduler
        self._path = path
        self.settings = settings
        self._requests: SimpleQueue[tuple[Request, ...] | Call | None] = SimpleQueue()  # None: stop
        self._stopping = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"scrubjay engine {path.name}", daemon=True)

    def start(self) -> None:
        """Start loading; `loaded` tells how it went."""
        self._thread.start()

    def submit(self, *requests: Request) -> None:
        """Queue a request, or several with one prompt. Raises `EngineClosedError` when the thread was
        stopped."""
        self._put(requests)

    def call(self, work: Callable[[Scheduler], Any]) -> Future[Any]:
        """Queue something that only this thread may do. Raises `EngineClosedError` as `submit`."""
        call = Call(work)
        self._put(call)
        return call.done

    def _put(self, item: tuple[Request, ...] | Call) -> None:
        with self._stopping:
            if self._stopped:
                raise EngineClosedError("the engine is closed; load the model again")
            self._requests.put(item)

    def stop(self, timeout_s: float | None = None) -> None:
        """End everything, and wait until the model is freed, or so many seconds."""
        with self._stopping:
            if not self._stopped:
                self._stopped = True
                self._requests.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        self.loaded.set_running_or_notify_cancel()  # whoever waits for it may be cancelled, the loading not
        try:
            model = load_model(self._path, self.settings.dialect)
        except BaseException as error:
            self.loaded.set_exception(error)
            return
        vocabulary = Vocabulary(model)
        try:
            self._serve(model, vocabulary)
        except BaseException as error:
            self.loaded.set_exception(error)
        finally:
            vocabulary.close()
            llama_cpp.llama_model_free(model.pointer)

    def _serve(self, model: Model, vocabulary: Vocabulary) -> None:
        settings = self.settings
        # Other models hold a prompt and its text in one sequence, which cannot outgrow their training.
        wanted = settings.context_tokens or (6144 if model.parallel_segments else 8192)
        most = wanted if model.parallel_segments else model.positions
        scheduler = Scheduler(
            model,
            vocabulary,
            cells=min(wanted, most),
            parallel=settings.parallel_generations,
            threads=settings.threads or thread_count(model),
            cache=settings.cache,
            prompt_tokens=settings.prompt_tokens or PROMPT_TOKENS,
            draft=draft_count(model) if settings.draft_tokens is None else settings.draft_tokens,
            fewer_threads=settings.threads is None,
        )
        self.scheduler = scheduler
        vocabulary.grammar_tokenizer()
        scheduler.fetch(FETCH_S)
        self.loaded.set_result((model, vocabulary))
        end: Exception = EngineClosedError("the engine was closed; load the model again")
        try:
            while self._take_requests(scheduler):
                scheduler.step()
        except Exception as error:
            end = NativeError(f"the engine failed ({error!r}); load the model again")
            end.__cause__ = error
            self._refuse_requests(scheduler)
        finally:
            scheduler.close(end)

    def _refuse_requests(self, scheduler: Scheduler) -> None:
        """Stop before anyone asked for it; what was submitted until now ends with the scheduler."""
        with self._stopping:
            self._stopped = True
        while not self._requests.empty():
            item = self._requests.get()
            if isinstance(item, Call):
                item.refuse(EngineClosedError("the engine is closed; load the model again"))
            elif item is not None:
                scheduler.submit(*item)

    def _take_requests(self, scheduler: Scheduler) -> bool:
        """Submit what was asked for meanwhile, and wait while there is nothing to do. False: stop."""
        while not (scheduler.busy and self._requests.empty()):
            item = self._requests.get()
            if item is None:
                return False
            if isinstance(item, Call):
                item.run(scheduler)
            else:
                scheduler.submit(*item)
        return True
