"""The scheduler without its thread: a prompt in, logits out, step by step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from scrubjay.models.adapter_file import read_adapter
from scrubjay.models.adapters import AdapterUse
from scrubjay.models.batch import PROMPT_TOKENS
from scrubjay.models.cache_settings import IN_MEMORY, CacheSettings
from scrubjay.models.constrained import Greedy
from scrubjay.models.errors import EngineClosedError
from scrubjay.models.generation import Request
from scrubjay.models.layout import Layout
from scrubjay.models.library import load_model
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.reuse import Way, way_of
from scrubjay.models.scheduler import Scheduler
from scrubjay.models.vocabulary import Vocabulary


def prompt(request: str, tools: tuple[str, ...] = (), facts: str | None = None) -> Prompt:
    """A prompt as the planner lays it out."""
    told = () if facts is None else (Segment.facts(facts),)
    return Prompt((Segment.system(), *map(Segment.tool, tools), *told, Segment.request(request)))


class Recorder(Greedy):
    """Chooses greedily and keeps the logits that it chose from."""

    def __init__(self) -> None:
        self.rows: list[NDArray[np.float32]] = []

    def choose(self, logits: NDArray[np.float32]) -> int:
        self.rows.append(logits.copy())
        return super().choose(logits)


class Follower(Recorder):
    """Writes what it is told, the first token forced, and keeps the logits."""

    def __init__(self, written: list[int]) -> None:
        super().__init__()
        self._written = written

    def begin(self) -> list[int]:
        return self._written[:1]

    def choose(self, logits: NDArray[np.float32]) -> int:
        super().choose(logits)
        return self._written[len(self.rows)]


class Nowhere:
    """An outbox that nobody reads."""

    def __init__(self) -> None:
        self.cancelled = self.due = False
        self.error: Exception | None = None

    def write(self, pieces: Sequence[bytes], forced: int, thinking: bool = False) -> None:
        pass

    def hand_over(self, logprob: float) -> None:
        pass

    def end_thought(self, logprob: float) -> None:
        pass

    def close(self, logprob: float = 0.0, error: Exception | None = None) -> None:
        self.error = error


class Driver:
    """A scheduler and everything it stands on."""

    def __init__(
        self,
        path: Path,
        cells: int = 1024,
        parallel: int = 4,
        cache: CacheSettings = IN_MEMORY,
        prompt_tokens: int = PROMPT_TOKENS,
    ) -> None:
        self.model = load_model(path)
        self.vocabulary = Vocabulary(self.model)
        self.layout = Layout(self.model, self.vocabulary, way_of(self.model, cache) is Way.SHIFTED)
        self.scheduler = Scheduler(
            self.model, self.vocabulary, cells, parallel, 1, cache, prompt_tokens=prompt_tokens
        )

    def close(self) -> None:
        self.scheduler.close(EngineClosedError("the test is over"))
        self.vocabulary.close()
        llama_cpp.llama_model_free(self.model.pointer)

    def write(self, asked: Prompt, tokens: int = 1) -> list[NDArray[np.float32]]:
        """Write so many tokens; returns the logits that each was chosen from."""
        return self.write_all([asked], tokens)[0]

    def add_adapter(self, path: Path) -> None:
        """Load an adapter under its file's name."""
        self.scheduler.adapters.add(read_adapter(path, self.model.path))

    def write_all(
        self, asked: list[Prompt], tokens: int = 1, adapters: Sequence[AdapterUse | None] | None = None
    ) -> list[list[NDArray[np.float32]]]:
        """The same for several prompts at once, each with its adapter."""
        outboxes = [Nowhere() for _ in asked]
        requests = [
            Request(one, None, tokens, outbox, use)  # type: ignore[arg-type]
            for one, outbox, use in zip(asked, outboxes, adapters or [None] * len(asked), strict=True)
        ]
        choosers = {request.outbox: Recorder() for request in requests}
        with patch.object(self.scheduler, "_chooser", lambda requests: choosers[requests[0].outbox]):
            for request in requests:
                self.scheduler.submit(request)
            while self.scheduler.busy:
                self.scheduler.step()
        for outbox in outboxes:
            if outbox.error is not None:
                raise outbox.error
        return [recorder.rows for recorder in choosers.values()]

    def follow(self, asked: Prompt, written: list[int], use: AdapterUse | None) -> list[NDArray[np.float32]]:
        """Write these tokens, whatever the model would; returns the logits after each but the last."""
        follower = Follower(written)
        with patch.object(self.scheduler, "_chooser", lambda _: follower):
            outbox = Nowhere()
            self.scheduler.submit(Request(asked, None, len(written), outbox, use))  # type: ignore[arg-type]
            while self.scheduler.busy:
                self.scheduler.step()
        return follower.rows


@contextmanager
def driving(
    path: Path,
    cells: int = 1024,
    parallel: int = 4,
    cache: CacheSettings = IN_MEMORY,
    prompt_tokens: int = PROMPT_TOKENS,
) -> Iterator[Driver]:
    """A driver for a model, closed at the end."""
    driver = Driver(path, cells, parallel, cache, prompt_tokens)
    try:
        yield driver
    finally:
        driver.close()
