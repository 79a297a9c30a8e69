"""An engine that writes what it is told, for tests that need a certain plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

from scrubjay.models.constrained import Constraint
from scrubjay.models.outbox import Chunk
from scrubjay.models.prompt import Prompt

FOREIGN: Mapping[str, str | float | bool] = {"general.architecture": "llama"}
OURS: Mapping[str, str | float | bool] = {
    "scrubjay.dialect": "scrubjay-1",
    "scrubjay.parallel_segments": True,
    "scrubjay.evidence": True,
    "scrubjay.facts": False,
}


class ScriptedEngine:
    """Writes one plan after the other, a few characters at a time; a function makes its plan from the prompt.

    logprob: what it thinks of each token. prompts, constraints: what it was asked with. closed: how many
    generations were stopped or came to an end.
    """

    def __init__(
        self,
        *plans: str | Callable[[Prompt], str],
        metadata: Mapping[str, str | float | bool] = OURS,
        pause: float = 0.0,
        logprob: float = 0.0,
    ) -> None:
        self.metadata = metadata
        self.prompts: list[Prompt] = []
        self.constraints: list[Constraint | None] = []
        self.closed = 0
        self._plans: Sequence[str | Callable[[Prompt], str]] = plans
        self._pause = pause
        self._logprob = logprob

    async def generate(
        self, prompt: Prompt, *, constraint: Constraint | None = None, max_tokens: int = 512
    ) -> AsyncGenerator[Chunk, None]:
        plan = self._plans[min(len(self.prompts), len(self._plans) - 1)]
        self.prompts.append(prompt)
        self.constraints.append(constraint)
        text = plan if isinstance(plan, str) else plan(prompt)
        try:
            for begin in range(0, min(len(text), 5 * max_tokens), 5):
                await asyncio.sleep(self._pause)
                yield Chunk(text[begin : begin + 5], tokens=1, forced=0, logprob=self._logprob)
        finally:
            self.closed += 1
