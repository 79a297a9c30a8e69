"""`scrubjay verify-cache`: shows that what is reused changes nothing in what is written."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
from pydantic import BaseModel, ValidationError
from rich.progress import track

from ..agent.ahead import tool_segments
from ..agent.planner import Planner, PlanTooLong
from ..models.cache_settings import CacheSettings
from ..models.catalog import bundled_planner
from ..models.constrained import Constraint
from ..models.engine import EngineSettings, LlamaEngine
from ..models.kv_types import KVType
from ..models.outbox import Chunk
from ..models.prompt import Prompt
from ..models.reuse import Way
from ..models.traces import Comparison, Trace, compare, drift, verdict
from ..tools.builtin import builtin_tools
from ..tools.errors import ToolDefinitionError
from ..tools.tool import Tool
from .setting import model_option, run

REQUESTS = (
    "text Sid and Lutfi that I'm running late",
    "what time is it in Tokyo",
    "note down milk, eggs and bread",
    "what is 17% of 2,340",
    "create a meeting with Mia tomorrow at 2pm about the budget",
    "what's Amina's phone number",
    "remind me to water the plants on Friday",
    "turn the volume down",
    "find the file about bees and mail it to Jo",
    "how do I get from Bern to Zürich",
    "read my latest note back to me",
    "cancel the dentist on Monday",
    "play the next song",
    "how much battery is left",
    "email Ravi and tell him the report is done",
    "thanks, that's all",
)
OFFERED = 8
SHIFTED = "shifted"


class _Case(BaseModel):
    """A line of a case file, as `scrubjay eval` reads it; what is not needed here is not looked at."""

    query: str
    tools: list[dict[str, object]] | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    request: str
    tools: Sequence[Tool]


@dataclass(slots=True)
class WatchedEngine:
    """An engine of a planner that keeps the trace of its latest generation."""

    engine: LlamaEngine
    trace: Trace = field(default_factory=Trace)

    @property
    def metadata(self) -> Mapping[str, str | int | float | bool]:
        return self.engine.metadata

    def generate(
        self, prompt: Prompt, *, constraint: Constraint | None = None, max_tokens: int = 512
    ) -> AsyncGenerator[Chunk, None]:
        self.trace = Trace()
        return self.engine.generate(
            prompt, constraint=constraint, max_tokens=max_tokens, watch=self.trace.add
        )


@click.command("verify-cache")
@click.option(
    "--cases",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Lines of {query, tools?}, as for `scrubjay eval`.  [default: a few requests to the built-in tools]",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only so many cases, spread over the file.")
@click.option("--kv-type", type=click.Choice([kind.value for kind in KVType]), help="How exactly KV is kept.")
@click.option("--shifted", is_flag=True, help="Also how far plans drift with shifted segments.")
@model_option
def verify_cache(
    cases: Path | None, limit: int | None, kv_type: str | None, shifted: bool, model: Path | None
) -> int:
    """Plan requests three times: with what is in memory (warm), with what is on disk (restarted), and with
    nothing (cold); with parallel segments also with the tools in another order. Compare every logit of every
    token that the model chose.

    Says "exact", "equal up to rounding" (logits within 0.01), or by how much runs differ or where they
    diverge; then the exit code is 1, as where no token was chosen. Shifted segments are an approximation, of
    which it only says how far it drifts. The cache is one of its own, made and removed; yours is not touched.
    """
    asked = _read(cases) if cases else list(_default())
    if limit:
        asked = asked[:: max(1, len(asked) // limit)][:limit]
    found = run(_verify(asked, model or bundled_planner(), KVType(kv_type) if kv_type else None, shifted))
    exact = [comparisons for name, comparisons in found.items() if name != SHIFTED]
    if not all(any(one.tokens for one in comparisons) for comparisons in exact):
        raise click.ClickException("nothing was compared: the model chose no token")
    if shifted and SHIFTED not in found:
        problem = "it reads them in parallel, or its keys cannot be turned or have fewer than 16 bits"
        click.echo(f"The tools of this model are not moved: {problem}.", err=True)
    for name, comparisons in found.items():
        tokens = sum(one.tokens for one in comparisons)
        same = sum(one.diverges_at is None for one in comparisons)
        click.echo(f"{name:10} {(drift if name == SHIFTED else verdict)(comparisons)}")
        margin = min((abs(one.margin) for one in comparisons if one.tokens), default=0.0)
        rank = max((one.rank for one in comparisons), default=0)
        click.echo(
            f"{'':10} {same} of {len(comparisons)} plans the same, {tokens:,} chosen tokens; smallest margin"
            f" {margin:.2g}, largest change of rank {rank}"
        )
    return 0 if all(one.equal for comparisons in exact for one in comparisons) else 1


async def _verify(
    asked: Sequence[_Asked], model: Path, kv_type: KVType | None, shifted: bool
) -> Mapping[str, Sequence[Comparison]]:
    found: dict[str, list[Comparison]] = {"warm": [], "restarted": [], "reordered": [], SHIFTED: []}
    with tempfile.TemporaryDirectory() as folder:
        kept = EngineSettings(cache=CacheSettings(folder=Path(folder), kv_type=kv_type))
        afresh = EngineSettings(cache=CacheSettings(disk_bytes=0, kv_type=kv_type))
        moving = EngineSettings(cache=CacheSettings(disk_bytes=0, kv_type=kv_type, shifted=True))
        async with await LlamaEngine.load(model, kept) as engine:
            for one in track(asked, "fill the cache", transient=True):
                await engine.register(tool_segments(one.tools))
                await _trace(WatchedEngine(engine), one)
        async with AsyncExitStack() as stack:
            warm = WatchedEngine(await stack.enter_async_context(await LlamaEngine.load(model, kept)))
            cold = WatchedEngine(await stack.enter_async_context(await LlamaEngine.load(model, afresh)))
            moved = None
            if shifted:
                moved = WatchedEngine(await stack.enter_async_context(await LlamaEngine.load(model, moving)))
            for one in track(asked, "compare", transient=True):
                await warm.engine.forget(on_disk=False)
                await cold.engine.forget()
                restarted = await _trace(warm, one)
                again = await _trace(warm, one)
                fresh = await _trace(cold, one)
                found["restarted"].append(compare(restarted, fresh))
                found["warm"].append(compare(again, fresh))
                if warm.metadata.get("scrubjay.parallel_segments"):
                    reordered = await _trace(warm, replace(one, tools=one.tools[::-1]))
                    found["reordered"].append(compare(reordered, fresh))
                if moved is not None and moved.engine.way is Way.SHIFTED:
                    found[SHIFTED].append(compare(await _trace(moved, one), fresh))
    return {name: comparisons for name, comparisons in found.items() if comparisons}


async def _trace(watched: WatchedEngine, asked: _Asked) -> Trace:
    with suppress(PlanTooLong):  # what was written until then can be compared as well
        await Planner(watched).write(asked.request, asked.tools)
    return watched.trace


def _default() -> Iterator[_Asked]:
    with tempfile.TemporaryDirectory() as folder:
        tools = builtin_tools(Path(folder))
    for number, request in enumerate(REQUESTS):
        yield _Asked(request, [tools[(5 * number + place) % len(tools)] for place in range(OFFERED)])


def _read(path: Path) -> list[_Asked]:
    """The cases of a file. Raises BadParameter where it has none, or a line is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        problem = f"{path} is not UTF-8 text (byte {error.start})"
        raise click.BadParameter(problem, param_hint="--cases") from error
    asked = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = _Case.model_validate_json(line)
            if case.tools is None:
                raise click.BadParameter(f"{path}, line {number} names no tools", param_hint="--cases")
            tools = [Tool.from_schema(schema) for schema in case.tools]
        except (ValidationError, ToolDefinitionError) as error:
            raise click.BadParameter(f"{path}, line {number}: {error}", param_hint="--cases") from error
        asked.append(_Asked(case.query, tools))
    if not asked:
        raise click.BadParameter(f"{path} holds no cases", param_hint="--cases")
    return asked
