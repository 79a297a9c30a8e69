"""`scrubjay plan`: writes a plan and runs nothing; one on the terminal, or many from a file."""

import json
import time
from contextlib import aclosing
from pathlib import Path
from typing import IO

import click

from ..agent.planner import Planner, current_facts
from ..agent.reader import PlanReader
from ..retrieval.retriever import Retriever
from ..tools.registry import ToolRegistry
from .batch import plan_batch
from .display import safe_text
from .opening import MAX_TOOLS, load_engine, open_registry
from .plan_json import plan_json
from .setting import data_folder_option, model_option, run, said
from .thinking import asked_thinker, think_option
from .tool_files import read_tool_file


@click.command()
@click.argument("text", callback=said, required=False)
@click.option(
    "--tools",
    "tool_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON list of tool schemas to plan with.  [default: the built-in tools]",
)
@click.option("--json", "as_json", is_flag=True, help="Print {request, plan: [{tool, args}], ms, tokens}.")
@click.option("--batch", type=click.File("rb"), help="Plan each line: {id, query, tools?, now?}.")
@click.option("--out", type=click.File("w", "utf-8"), help="Where the plans of --batch go, one line each.")
@think_option
@model_option
@data_folder_option
def plan(
    text: str | None,
    tool_file: Path | None,
    as_json: bool,
    batch: IO[bytes] | None,
    out: IO[str] | None,
    model: Path | None,
    data_folder: Path,
) -> int:
    """Write the plan for TEXT, or with --batch and --out for every line of a file, and run nothing.

    Lines out are {id, plan, ms, tokens}, or {id, error}, in the order of the lines in; with an error among
    them the exit code is 1.
    """
    if (batch is None) != (out is None) or (batch is None) == (text is None):
        raise click.UsageError("Give either TEXT, or --batch IN and --out OUT")
    if batch is not None and out is not None and _is_same_file(batch.name, out.name):
        raise click.UsageError("--out would overwrite the requests of --batch")
    tools = read_tool_file(tool_file) if tool_file else open_registry(data_folder)
    if batch is not None and out is not None:
        return run(_plan_many(batch, out, tools, model, data_folder))
    assert text is not None
    run(_plan_one(text, tools, model, data_folder, as_json))
    return 0


async def _plan_one(
    text: str, tools: ToolRegistry, model: Path | None, data_folder: Path, as_json: bool
) -> None:
    async with await load_engine(model) as engine:
        started = time.perf_counter()
        reader, tokens = PlanReader(), 0
        planner = Planner(engine, thinker=await asked_thinker(engine, data_folder))
        chunks = planner.plan(text, Retriever(tools).choose(text, MAX_TOOLS), facts=current_facts())
        async with aclosing(chunks):
            async for chunk in chunks:
                reader.feed(chunk.text)
                tokens += chunk.tokens
                if not as_json:
                    click.echo(safe_text(chunk.text), nl=False)
    if as_json:
        ms = round((time.perf_counter() - started) * 1000, 1)
        written = {"request": text, "plan": plan_json(reader.close().steps), "ms": ms, "tokens": tokens}
        click.echo(json.dumps(written, ensure_ascii=False))


async def _plan_many(
    batch: IO[bytes], out: IO[str], tools: ToolRegistry, model: Path | None, data_folder: Path
) -> int:
    async with await load_engine(model) as engine:
        planner = Planner(engine, thinker=await asked_thinker(engine, data_folder))
        failed = await plan_batch(batch, out, planner, tools)
    if failed:
        click.echo(f"Not planned: {failed} of the lines; {out.name} says why.", err=True)
    return 1 if failed else 0


def _is_same_file(one: str, other: str) -> bool:
    return Path(other).exists() and Path(one).exists() and Path(one).samefile(other)
