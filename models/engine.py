"""The engine: a model in a thread of its own, and an async face that streams what it writes."""

import asyncio
import atexit
import threading
import weakref
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

import llama_cpp
from pydantic import BaseModel, ConfigDict, Field

from .constrained import Constraint
from .context import thread_count
from .errors import EngineClosedError, NativeError
from .generation import Request
from .library import Model, load_model
from .metadata import Metadata
from .outbox import Chunk, Outbox
from .prompt import Prompt
from .scheduler import Scheduler
from .vocabulary import Vocabulary

EXIT_TIMEOUT_S = 5.0


class EngineSettings(BaseModel):
    """How an engine uses the machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context_tokens: int = Field(
        default=8192, ge=64, description="KV cells that all running generations share"
    )
    parallel_generations: int = Field(default=8, ge=1, le=64, description="how many run at once; more wait")
    threads: int | None = Field(default=None, ge=1, description="None: what suits the machine and the model")


class LlamaEngine:
    """A loaded model that writes. Make one with `load`, and close it; it may also be used with `async with`.

    `generate` may be called from many tasks at once, and from one event loop after another.
    """

    def __init__(self, thread: "EngineThread", model: Model, vocabulary: Vocabulary) -> None:
        """Use `load`."""
        self.metadata: Metadata = model.metadata
        self.vocabulary = vocabulary
        self._thread = thread
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
        self, prompt: Prompt, *, constraint: Constraint | None = None, max_tokens: int = 512
    ) -> AsyncGenerator[Chunk, None]:
        """Write what follows `prompt`, greedily, until the model or the constraint ends it or `max_tokens`
        are written; chunks come as they are written.

        Closing the generator, or cancelling the task that waits for it, stops the writing within one token.
        Raises `RequestTooLongError`, `ContextFullError` (after the chunks that fitted), `GrammarError`,
        `EngineClosedError`, or what the constraint raises.
        """
        if max_tokens < 1:
            raise ValueError(f"max_tokens is {max_tokens}; at least one token must be allowed")
        outbox = Outbox()
        self._thread.submit(Request(prompt, constraint, max_tokens, outbox))
        try:
            while (chunk := await outbox.receive()) is not None:
                yield chunk
        finally:
            outbox.cancelled = True

    async def aclose(self) -> None:
        """End what is being written with `EngineClosedError` and free the model; may be called twice."""
        self._finalizer.detach()
        await asyncio.to_thread(self._thread.stop)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class EngineThread:
    """The thread that alone touches llama.cpp: loads, moves the scheduler on while it is busy, frees."""

    def __init__(self, path: Path, settings: EngineSettings) -> None:
        self.loaded: Future[tuple[Model, Vocabulary]] = Future()
        self._path = path
        self._settings = settings
        self._requests: SimpleQueue[Request | None] = SimpleQueue()  # None: stop
        self._stopping = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"scrubjay engine {path.name}", daemon=True)

    def start(self) -> None:
        """Start loading; `loaded` tells how it went."""
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request. Raises `EngineClosedError` when the thread was stopped."""
        with self._stopping:
            if self._stopped:
                raise EngineClosedError("the engine is closed; load the model again")
            self._requests.put(request)

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
            model = load_model(self._path)
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
        settings = self._settings
        # Other models hold a prompt and its text in one sequence, which cannot outgrow their training.
        most = settings.context_tokens if model.parallel_segments else model.positions
        scheduler = Scheduler(
            model,
            vocabulary,
            cells=min(settings.context_tokens, most),
            parallel=settings.parallel_generations,
            threads=settings.threads or thread_count(model),
        )
        vocabulary.grammar_tokenizer()
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
            if (request := self._requests.get()) is not None:
                scheduler.submit(request)

    def _take_requests(self, scheduler: Scheduler) -> bool:
        """Submit what was asked for meanwhile, and wait while there is nothing to do. False: stop."""
        while not (scheduler.busy and self._requests.empty()):
            request = self._requests.get()
            if request is None:
                return False
            scheduler.submit(request)
        return True
