"""Time to the first token of a plan: what the tools in a prompt cost, and what reuse saves.

    python benchmarks/ttft.py [--model bundled|half-billion] [--part register registered peers restart curve]
                              [--folder FOLDER] [--rounds 7] [--threads N] [--tools 1000] [--processor-time]
                              [--draw FILE.svg] [--new-tools]

Models: the bundled planner, and one of Qwen2.5-0.5B's shape with random weights (made once, in FOLDER). The
tools are those of the training corpus. Each part measures its sides in turn, in one process, and compares
medians:

register    computes 1,000 tools and keeps them in FOLDER: minutes for the larger model, once
registered  five tools in the prompt, other five each time: 1,000 registered, against these five alone, which
            the request before had, too
peers       eight tools, other eight each time: registered, against computed afresh, against
            llama-cpp-python's own `create_chat_completion` with the same eight in `tools` (it needs a chat
            template, so only for half-billion)
restart     the first request of a process against later ones, eight tools in the prompt, all of them on disk:
            the eight that the last request before had, at once; and others, at once and after they were
            registered, as an agent does with all tools when it starts. Later ones with the eight that the
            request before had, and with others. What retrieval has read of tools is on disk, too
curve       tokens in the prompt against time: cold, prefix reuse, parallel segments; drawn as a plot

Parts that need 1,000 tools compute those that FOLDER lacks; --tools names another number. --processor-time
counts what this process computes instead of what passes: with --threads 1 that is about the time on an idle
machine, measured on a busy one. Retrieval of the five among 1,000 is counted in, and shown apart. --new-tools
describes the tools in another way than those that the planner was trained on: then the encoder reads the
request for five tools as well, and the pointer.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import llama_cpp
from half_billion import make_half_billion  # type: ignore[import-not-found]
from log_plot import Series, draw  # type: ignore[import-not-found]

from scrubjay.agent.ahead import tool_segments
from scrubjay.agent.planner import Planner
from scrubjay.models.cache_settings import MIB, CacheSettings
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.dialects import tool_text
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.retrieval.retriever import Retriever
from scrubjay.retrieval.store import Store
from scrubjay.tools.registry import ToolRegistry
from scrubjay.tools.tool import Tool

PACKS = Path(__file__).parent.parent / "models" / "training" / "corpus" / "packs"
REQUESTS = (
    "text Sid and Lutfi that I'm running late",
    "what is the weather like in Oslo tomorrow",
    "book a table for four at eight and tell Mia",
    "turn the lights in the kitchen down a little",
    "find the report on bees and send it to Amina",
    "how many steps did I walk last week",
    "remind me to water the plants on Friday",
    "play something calm for half an hour",
)
PARTS = ("register", "registered", "peers", "restart", "curve")
SIZES = (1, 2, 4, 8, 16, 32)
THREADS: int | None = None
REGISTERED = 1000
clock = time.perf_counter


def corpus_tools(new: bool = False) -> list[Tool]:
    """Tools of the corpus, no two of the same name, always the same ones; or, where they are to be `new` to
    a planner that was trained on them, described in another way."""
    schemas: dict[str, dict[str, Any]] = {}
    for pack in sorted(PACKS.glob("*.json")):
        for schema in json.loads(pack.read_text())["tools"]:
            said = f"{schema['description']} (second version)" if new else schema["description"]
            schemas.setdefault(schema["name"], {**schema, "description": said})
    return [Tool.from_schema(schema) for schema in list(schemas.values())[:REGISTERED]]


def corpus_requests(words: int) -> list[str]:
    """Requests of so many words, no two alike, always the same ones: what was read once is remembered."""
    packs = [json.loads(pack.read_text()) for pack in sorted(PACKS.glob("*.json"))]
    queries = [query for pack in packs for entry in pack["single"] for query in entry["queries"]]
    plain = [query for query in queries if "{" not in query and len(query.split()) == words]
    return list(dict.fromkeys(plain))


@asynccontextmanager
async def engine_on(model: Path, folder: Path | None) -> AsyncIterator[LlamaEngine]:
    """An engine that keeps segments in `folder`; None: in memory alone."""
    disk = 8192 * MIB if folder else 0
    cache = CacheSettings(folder=folder, disk_bytes=disk)
    async with await LlamaEngine.load(model, EngineSettings(cache=cache, threads=THREADS)) as engine:
        yield engine


async def register(engine: LlamaEngine, tools: Sequence[Tool]) -> None:
    """Compute all tools that are not on disk yet, and say how long that took."""
    started = time.perf_counter()

    def told(ready: int, of: int) -> None:
        if sys.stderr.isatty() or ready % 250 == 0:
            print(f"\r{ready} of {of} segments", end="", file=sys.stderr, flush=True)

    computed = await engine.register(tool_segments(tools), progress=told)
    seconds = time.perf_counter() - started
    use = engine.usage
    print(
        f"\n{computed} segments computed in {seconds:.1f} s; memory {use.memory_bytes / MIB:.0f} MiB,"
        f" disk {use.disk_bytes / MIB:.0f} MiB"
    )


async def first_token(
    engine: LlamaEngine, tools: Sequence[Tool], request: str, retriever: Retriever | None = None
) -> float:
    """Milliseconds from the request to the plan's first text, with these tools, which `retriever` has."""
    started = clock()
    planner = Planner(engine, relevance=retriever.fits if retriever else None)
    async with aclosing(planner.plan(request, tools)) as chunks:
        async for chunk in chunks:
            if chunk.text:
                taken = (clock() - started) * 1e3
                break
    await asyncio.sleep(0.05)  # the engine ends what it was at: that belongs to no other measurement
    return taken


def groups(tools: Sequence[Tool], size: int) -> Iterator[tuple[str, Sequence[Tool]]]:
    """Requests without end, each with other tools."""
    start = number = 0
    while True:
        chosen = [tools[(start + 37 * place) % len(tools)] for place in range(size)]
        yield REQUESTS[number % len(REQUESTS)], chosen
        start, number = start + 1, number + 1


def report(rows: Mapping[str, Sequence[float]], *ratios: tuple[str, str]) -> None:
    for name, times in rows.items():
        low, high = min(times), max(times)
        print(
            f"  {name:44} {statistics.median(times):9.1f} ms   ({low:.1f} to {high:.1f}, {len(times)} times)"
        )
    for one, other in ratios:
        ratio = statistics.median(rows[one]) / statistics.median(rows[other])
        print(f"  {one} / {other} = {ratio:.2f}")


async def fill(model: Path, folder: Path) -> None:
    """Have 1,000 tools on disk."""
    async with engine_on(model, folder / "kv") as engine:
        await register(engine, corpus_tools())


async def registered(model: Path, folder: Path, rounds: int, new: bool) -> None:
    """1,000 registered tools against five."""
    tools = corpus_tools(new)
    rows: dict[str, list[float]] = {name: [] for name in ("few", "many", "search", "whole")}
    async with engine_on(model, folder / "kv") as large, engine_on(model, None) as small:
        await register(large, tools)
        among = Retriever(ToolRegistry(tools))
        requests = corpus_requests(words=8)
        among.choose(requests.pop(), 5)
        asked = groups(tools, 5)
        for number in range(rounds + 1):
            _, chosen = next(asked)
            before, one, other = (requests.pop() for _ in range(3))
            alone = Retriever(ToolRegistry(chosen))
            await small.forget()
            await small.register(tool_segments(chosen))
            await first_token(small, chosen, before, alone)
            few = await first_token(small, chosen, one, alone)
            search = timed(partial(among.choose, other, 5))
            many = await first_token(large, chosen, other, among)
            if number:
                for row, ms in zip(rows.values(), (few, many, search, search + many), strict=True):
                    row.append(ms)
    all_of_them = f"{len(tools):,} registered"
    named = ("5 registered", f"{all_of_them}, retrieval aside", "retrieval", all_of_them)
    table = dict(zip(named, rows.values(), strict=True))
    report(table, (named[1], named[0]), (named[3], named[0]))


def timed(work: Callable[[], object]) -> float:
    started = clock()
    work()
    return (clock() - started) * 1e3


async def peers(model: Path, plain: Path | None, folder: Path, rounds: int) -> None:
    """Eight registered tools against reading them each time."""
    tools = corpus_tools()
    warm, cold, theirs = list[float](), list[float](), list[float]()
    chat: Any = (
        llama_cpp.Llama(str(plain), n_ctx=8192, n_threads=THREADS, n_threads_batch=THREADS, verbose=False)
        if plain
        else None
    )
    asked = list(islice(groups(tools, 8), rounds + 1))
    async with engine_on(model, folder / "kv") as engine, engine_on(model, None) as fresh:
        await register(engine, [tool for _, chosen in asked for tool in chosen])
        others = iter(asked)
        for number in range(rounds + 1):
            request, chosen = next(others)
            await fresh.forget()
            times = [await first_token(engine, chosen, request)]
            if number:
                times.append(await first_token(fresh, chosen, request))
                times.append(chat_first_token(chat, chosen, request) if chat else 0.0)
                print(f"  round {number}: {', '.join(f'{ms:.1f}' for ms in times)} ms", flush=True)
                for row, ms in zip((warm, cold, theirs), times, strict=True):
                    row.append(ms)
    rows = {"registered": warm, "computed afresh": cold}
    if chat is None:
        report(rows, ("computed afresh", "registered"))
    else:
        report(
            {**rows, "create_chat_completion": theirs},
            ("computed afresh", "registered"),
            ("create_chat_completion", "registered"),
        )


def chat_first_token(chat: Any, tools: Sequence[Tool], request: str) -> float:
    """Milliseconds until llama-cpp-python's own chat writes its first text with these tools."""
    described = [
        {
            "type": "function",
            "function": {name: tool.schema()[name] for name in ("name", "description", "parameters")},
        }
        for tool in tools
    ]
    messages = [
        {"role": "system", "content": "Call tools to serve the request."},
        {"role": "user", "content": request},
    ]
    started = clock()
    chunks = chat.create_chat_completion(
        messages=messages, tools=described, stream=True, max_tokens=2, temperature=0.0
    )
    next(chunk for chunk in chunks if "content" in chunk["choices"][0]["delta"])
    return (clock() - started) * 1e3


async def restart(model: Path, folder: Path, rounds: int) -> None:
    """The first request of a process against later ones."""
    asked = list(islice(groups(corpus_tools(), 8), rounds + 1))
    tools = list({tool.name: tool for _, chosen in asked for tool in chosen}.values())
    store = Store(folder / "index.sqlite")

    def read() -> Retriever:
        return Retriever(ToolRegistry(tools), store=store)

    async with engine_on(model, folder / "kv") as engine:
        await register(engine, tools)
    read().fits.log_odds("what is there", tools)
    same, other, ready, later, later_other = (list[float]() for _ in range(5))
    for (_, before), (request, chosen) in pairwise(asked):
        async with engine_on(model, folder / "kv") as engine:
            other.append(await first_token(engine, chosen, request, read()))
        async with engine_on(model, folder / "kv") as engine:
            same.append(await first_token(engine, chosen, request, known := read()))
            times = [await first_token(engine, chosen, request, known) for _ in range(5)]
            later.append(statistics.median(times))
            await first_token(engine, before, request, known)
            later_other.append(await first_token(engine, chosen, request, known))
            await first_token(engine, before, request, known)
        async with engine_on(model, folder / "kv") as engine:
            await engine.register(tool_segments(chosen))
            ready.append(await first_token(engine, chosen, request, read()))
    rows = {
        "first after a restart, same tools": same,
        "later, same tools": later,
        "first after a restart, other tools": other,
        "first after a restart, others, registered": ready,
        "later, other tools": later_other,
    }
    one, first, two, three, second = rows
    report(rows, (one, first), (two, second), (three, second), (two, first), (three, first))


async def curve(model: Path, in_order: Path, rounds: int) -> list[Series]:
    """Tokens in the prompt against time, three ways."""
    tools = corpus_tools()
    series = {name: Series(name, []) for name in ("cold", "prefix", "parallel")}
    async with engine_on(model, None) as parallel, engine_on(in_order, None) as prefix:
        for size in SIZES:
            chosen = tools[:size]
            texts = [tool_text(tool.schema()) for tool in chosen]
            tokens = sum(len(parallel.vocabulary.tokenize(text)) + 1 for text in texts)
            times: dict[str, list[float]] = {name: [] for name in series}
            for number in range(rounds):
                request = REQUESTS[number % len(REQUESTS)]
                await prefix.forget()
                times["cold"].append(await first_token(prefix, chosen, request))
            for number in range(rounds + 1):
                request = REQUESTS[number % len(REQUESTS)]
                one = await first_token(prefix, chosen, "once more: " + request)
                other = await first_token(parallel, chosen, request)
                if number:
                    times["prefix"].append(one)
                    times["parallel"].append(other)
            medians = {name: statistics.median(row) for name, row in times.items()}
            told = ", ".join(f"{name} {ms:.1f} ms" for name, ms in medians.items())
            print(f"  {size:3} tools, {tokens:5} tokens: {told}")
            for name, ms in medians.items():
                series[name].points.append((tokens, ms))
    return list(series.values())


def declared_in_order(model: Path, folder: Path) -> Path:
    """A copy of a model that is read in order, as if it had not been trained on parallel segments."""
    data = bytearray(model.read_bytes())
    key = b"scrubjay.parallel_segments"
    data[data.index(key) + len(key) + 4] = 0
    copy = folder / f"{model.stem}-in-order.gguf"
    copy.write_bytes(data)
    return copy


def models(name: str, folder: Path) -> tuple[Path, Path | None]:
    """The model, and one with a chat template in its place."""
    if name == "bundled":
        return bundled_planner(), None
    model, plain = folder / "half-billion.gguf", folder / "half-billion-chat.gguf"
    for path, parallel in ((model, True), (plain, False)):
        if not path.exists():
            print(f"making {path.name}", file=sys.stderr)
            make_half_billion(path, parallel=parallel)
    return model, plain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", choices=("bundled", "half-billion"), nargs="+", default=["bundled"])
    parser.add_argument("--part", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "scrubjay-ttft")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--draw", type=Path, help="where the plot goes, an SVG file")
    parser.add_argument("--threads", type=int, help="of all sides; by default what suits each")
    parser.add_argument("--tools", type=int, default=1000, help="how many are registered")
    parser.add_argument("--new-tools", action="store_true", help="tools that the planner was not trained on")
    parser.add_argument("--processor-time", action="store_true")
    options = parser.parse_args()
    global THREADS, REGISTERED, clock
    THREADS, REGISTERED = options.threads, options.tools
    if options.processor_time:
        clock = time.process_time
    panels: dict[str, list[Series]] = {}
    for name in options.model:
        folder: Path = options.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        model, plain = models(name, folder)
        for part in options.part:
            print(f"{name}, {part}:", flush=True)
            if part == "register":
                asyncio.run(fill(model, folder))
            elif part == "registered":
                asyncio.run(registered(model, folder, options.rounds, options.new_tools))
            elif part == "peers":
                asyncio.run(peers(model, plain, folder, options.rounds))
            elif part == "restart":
                asyncio.run(restart(model, folder, options.rounds))
            else:
                in_order = declared_in_order(model, folder)
                panels[name] = asyncio.run(curve(model, in_order, max(1, options.rounds // 2)))
    if panels and options.draw:
        options.draw.write_text(draw(panels, "tokens of tools in the prompt", "ms to the first token"))


if __name__ == "__main__":
    main()
