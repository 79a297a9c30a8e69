import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from scrubjay.models.constrained import Constraint, Greedy
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.errors import (
    ContextFullError,
    EngineClosedError,
    ModelError,
    ModelFileError,
    NativeError,
    RequestTooLongError,
    TemplateError,
)
from scrubjay.models.layout import Layout, TokenPrompt
from scrubjay.models.outbox import Chunk
from scrubjay.models.prompt import Prompt

from ..tiny_model import make_tiny_planner
from .driving import prompt

TOOLS = ("send_message(to: [str], text: str) Send a text message.", "note(text: str) Write it down.")
SMALL = EngineSettings(context_tokens=1024, parallel_generations=4, threads=1)


@asynccontextmanager
async def engine_on(path: Path, settings: EngineSettings = SMALL) -> AsyncIterator[LlamaEngine]:
    async with asyncio.timeout(60), await LlamaEngine.load(path, settings) as engine:
        yield engine


async def chunks_of(
    engine: LlamaEngine, asked: Prompt, constraint: Constraint | None = None, max_tokens: int = 40
) -> list[Chunk]:
    return [chunk async for chunk in engine.generate(asked, constraint=constraint, max_tokens=max_tokens)]


async def text_of(
    engine: LlamaEngine, asked: Prompt, constraint: Constraint | None = None, max_tokens: int = 40
) -> str:
    return "".join([chunk.text for chunk in await chunks_of(engine, asked, constraint, max_tokens)])


class Lines:
    """A constraint of the same grammar for each of a number of lines."""

    def __init__(self, grammar: str, count: int = 1) -> None:
        self.grammar = grammar
        self.count = count

    def next_grammar(self, written: str) -> str | None:
        return self.grammar if written.count("\n") < self.count else None


class Endless(Greedy):
    """Writes `a` for ever, and counts."""

    def __init__(self) -> None:
        self.steps = 0

    def choose(self, logits: NDArray[np.float32]) -> int:
        self.steps += 1
        return 100


async def test_text_tokens_and_confidence_come_in_chunks(planner: Path) -> None:
    async with engine_on(planner) as engine:
        chunks = await chunks_of(engine, prompt("text Sid", TOOLS), max_tokens=30)
        assert 0 < sum(chunk.tokens for chunk in chunks) <= 30
        assert all(chunk.forced == 0 and chunk.logprob < 0 for chunk in chunks)
        assert engine.metadata["scrubjay.dialect"] == "scrubjay-1"
        assert engine.vocabulary.special("<|plan|>") is not None


async def test_a_grammar_is_kept_line_by_line_and_forced_tokens_are_counted(planner: Path) -> None:
    async with engine_on(planner) as engine:
        grammar = 'start: "$1 = send_message(to=" ("Sid" | "Lutfi") ")\\n"'
        chunks = await chunks_of(engine, prompt("text Sid", TOOLS), Lines(grammar, 3), 200)
        lines = "".join(chunk.text for chunk in chunks).splitlines()
        assert set(lines) <= {"$1 = send_message(to=Sid)", "$1 = send_message(to=Lutfi)"}
        assert len(lines) == 3
        assert sum(chunk.tokens - chunk.forced for chunk in chunks) <= 3 * 4


async def test_everything_forced_needs_no_step_of_the_model(planner: Path) -> None:
    async with engine_on(planner) as engine:
        (chunk,) = await chunks_of(engine, prompt("text Sid", TOOLS), Lines('start: "done\\n"'))
        assert (chunk.text, chunk.forced, chunk.logprob) == ("done\n", chunk.tokens, 0.0)


async def test_five_generations_at_once_write_what_each_writes_alone(planner: Path) -> None:
    asked = [
        prompt(f"note {word}", TOOLS[: number % 3])
        for number, word in enumerate(["one", "two", "three", "four", "five"])
    ]
    grammar = 'start: "$1 = " ("note" | "send_message") "(" /[a-z ]{3,30}/ ")\\n"'
    async with engine_on(planner) as engine:
        alone = [await text_of(engine, one, Lines(grammar, 2), 80) for one in asked]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(text_of(engine, one, Lines(grammar, 2), 80)) for one in asked]
        together = [task.result() for task in tasks]
    # Rounding depends on what else is in a batch, and noise has near ties: a late difference is no error.
    assert [text[:20] for text in together] == [text[:20] for text in alone]
    assert sum(one == other for one, other in zip(together, alone, strict=True)) >= 4


async def test_closing_the_iterator_stops_the_writing_within_a_token(
    planner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Endless()
    async with engine_on(planner) as engine:
        monkeypatch.setattr("scrubjay.models.scheduler.Greedy", lambda: endless)
        async with aclosing(engine.generate(prompt("x"), max_tokens=900)) as chunks:
            async for _ in chunks:
                break
        stopped = endless.steps
        monkeypatch.undo()
        await text_of(engine, prompt("y"), max_tokens=5)
    assert stopped <= endless.steps <= stopped + 1


async def test_cancelling_the_task_stops_the_writing_and_frees_the_place(
    planner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = [Endless() for _ in range(6)]
    settings = EngineSettings(context_tokens=8192, parallel_generations=4, threads=1)
    async with engine_on(planner, settings) as engine:
        left = iter(endless)
        monkeypatch.setattr("scrubjay.models.scheduler.Greedy", lambda: next(left))
        tasks = [asyncio.create_task(text_of(engine, prompt("x"), max_tokens=1900)) for _ in endless]
        await asyncio.sleep(0.05)
        assert endless[3].steps > 0
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(task.cancelled() for task in tasks)
        monkeypatch.undo()
        await text_of(engine, prompt("y"), max_tokens=5)
        steps = [one.steps for one in endless]
        await asyncio.sleep(0.02)
        assert steps == [one.steps for one in endless]
        assert steps[4:] == [0, 0]


async def test_half_written_characters_are_never_shown(
    planner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.models.outbox.HAND_OVER_S", -1.0)  # hand over after every token
    grammar = 'start: /[😀é漢]{12}/ "\\n"'
    async with engine_on(planner) as engine:
        chunks = await chunks_of(engine, prompt("x"), Lines(grammar), max_tokens=100)
        assert len(chunks) > 10
        assert set("".join(chunk.text for chunk in chunks)) <= set("😀é漢\n")
        for limit in range(1, 12):
            cut = await text_of(engine, prompt("x"), Lines(grammar), max_tokens=limit)
            assert set(cut) <= set("😀é漢")


async def test_max_tokens_is_never_exceeded_even_by_forced_tokens(planner: Path) -> None:
    async with engine_on(planner) as engine:
        for limit in (1, 2, 7):
            chunks = await chunks_of(engine, prompt("x"), Lines('start: "send_message()\\n"', 5), limit)
            assert sum(chunk.tokens for chunk in chunks) == limit
        with pytest.raises(ValueError, match="at least one token"):
            await chunks_of(engine, prompt("x"), max_tokens=0)


async def test_what_a_constraint_raises_reaches_the_caller_and_hurts_no_one_else(planner: Path) -> None:
    class Broken:
        def next_grammar(self, written: str) -> str | None:
            if written:
                raise LookupError("no such tool")
            return 'start: /[a-z]{1,3}/ "\\n"'

    async with engine_on(planner) as engine:
        other = asyncio.create_task(text_of(engine, prompt("x"), Lines('start: /[a-z]{9}/ "\\n"', 3), 100))
        with pytest.raises(LookupError, match="no such tool"):
            await text_of(engine, prompt("x"), Broken())
        assert (await other).count("\n") == 3


async def test_a_context_that_fills_up_gives_what_fitted_and_then_says_so(
    planner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.models.scheduler.Greedy", Endless)
    async with engine_on(planner, EngineSettings(context_tokens=256, threads=1)) as engine:
        received: list[Chunk] = []

        async def receive() -> None:
            async for chunk in engine.generate(prompt("x", TOOLS), max_tokens=100_000):
                received.append(chunk)

        with pytest.raises(ContextFullError, match=r"full after \d+ written tokens; name fewer tools"):
            await receive()
        assert 64 < sum(chunk.tokens for chunk in received) < 256
        await chunks_of(engine, prompt("x", TOOLS), max_tokens=3)


async def test_a_request_of_100000_characters_is_refused_with_what_to_do(planner: Path) -> None:
    async with engine_on(planner) as engine:
        started = time.monotonic()
        with pytest.raises(RequestTooLongError, match=r"takes \d\d,\d\d\d tokens and \d+ fit.*shorten it"):
            await text_of(engine, prompt("text Sid " * 11_112, TOOLS))
        with pytest.raises(RequestTooLongError):
            await text_of(engine, prompt("a" * 100_000, TOOLS))
        assert time.monotonic() - started < 5
        assert await text_of(engine, prompt("text Sid", TOOLS)) != ""


async def test_more_tools_than_fit_are_refused(planner: Path) -> None:
    async with engine_on(planner, EngineSettings(context_tokens=4096, threads=1)) as engine:
        with pytest.raises(RequestTooLongError, match="at most 63 tools fit at once, not 200"):
            await text_of(engine, prompt("x", tuple(f"t{number}()" for number in range(200))))


async def test_requests_that_do_not_fit_together_take_turns(planner: Path) -> None:
    settings = EngineSettings(context_tokens=256, threads=1)
    asked = [prompt("note " * 20, (f"tool_{number}(text: str) Tell the time",)) for number in range(8)]
    async with engine_on(planner, settings) as engine, asyncio.TaskGroup() as group:
        tasks = [group.create_task(chunks_of(engine, one, max_tokens=50)) for one in asked]
    assert all(sum(chunk.tokens for chunk in task.result()) for task in tasks)


async def test_closing_the_engine_ends_what_is_written_with_an_error(
    planner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.models.scheduler.Greedy", Endless)
    async with engine_on(planner) as engine:
        tasks = [asyncio.create_task(text_of(engine, prompt("x"), max_tokens=900)) for _ in range(6)]
        await asyncio.sleep(0.02)
        await engine.aclose()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [EngineClosedError] * 6
        with pytest.raises(EngineClosedError, match="load the model again"):
            await text_of(engine, prompt("x"))
        with pytest.raises(EngineClosedError):
            engine.vocabulary.tokenize("x")
        await engine.aclose()


async def test_a_native_failure_reaches_the_caller_and_the_engine_goes_on(
    planner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_on(planner) as engine:
        expected = await text_of(engine, prompt("x", TOOLS))
        monkeypatch.setattr("llama_cpp.llama_decode", lambda *_: -3)
        with pytest.raises(NativeError, match="llama_decode failed with -3"):
            await text_of(engine, prompt("x", TOOLS))
        monkeypatch.undo()
        assert await text_of(engine, prompt("x", TOOLS)) == expected


async def test_an_engine_that_fails_says_so_and_closes(
    planner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_on(planner) as engine:
        monkeypatch.setattr("scrubjay.models.scheduler.Scheduler.step", lambda _: 1 / 0)
        tasks = [asyncio.create_task(text_of(engine, prompt("x"))) for _ in range(3)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, NativeError | EngineClosedError) for result in results)
        assert any("ZeroDivisionError" in str(result) for result in results)
        with pytest.raises(EngineClosedError):
            await text_of(engine, prompt("x"))


async def test_a_call_that_nobody_waits_for_any_more_hurts_no_one(planner: Path) -> None:
    async with engine_on(planner) as engine:
        engine._thread.call(lambda _: time.sleep(0.2))
        forgetting = asyncio.create_task(engine.forget())
        await asyncio.sleep(0.05)
        forgetting.cancel()
        assert await chunks_of(engine, prompt("x"))


async def test_another_makers_model_writes_too(foreign_model: Path) -> None:
    async with engine_on(foreign_model) as engine:
        assert await text_of(engine, prompt("x", TOOLS), Lines('start: /[a-z]{3}/ "\\n"')) != ""


async def test_a_model_that_cannot_be_loaded_is_an_error_of_load(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="No such file"):
        await LlamaEngine.load(tmp_path / "none.gguf")


async def test_loading_can_be_cancelled(planner: Path) -> None:
    task = asyncio.create_task(LlamaEngine.load(planner))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_an_engine_serves_one_event_loop_after_another(planner: Path) -> None:
    engine = asyncio.run(LlamaEngine.load(planner, SMALL))
    texts = [asyncio.run(text_of(engine, prompt("text Sid", TOOLS))) for _ in range(3)]
    asyncio.run(engine.aclose())
    assert texts == [texts[0]] * 3


def test_a_loop_that_ends_amid_a_generation_leaves_the_engine_well(planner: Path) -> None:
    engine = asyncio.run(LlamaEngine.load(planner, SMALL))

    async def leave() -> None:
        generator = engine.generate(prompt("x"), max_tokens=900)
        await anext(generator)
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)

    asyncio.run(leave())
    assert asyncio.run(text_of(engine, prompt("text Sid", TOOLS))) != ""
    asyncio.run(engine.aclose())


def test_a_forgotten_engine_does_not_keep_the_interpreter_from_ending(planner: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from scrubjay.models.engine import LlamaEngine\n"
        "engine = asyncio.run(LlamaEngine.load(Path(sys.argv[1])))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(planner)], capture_output=True, timeout=30)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


@pytest.mark.parametrize("settings", [{"context_tokens": 0}, {"parallel_generations": 0}, {"gpu": True}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EngineSettings.model_validate(settings)


async def test_a_template_that_writes_nothing_ends_the_request(tmp_path: Path) -> None:
    path = tmp_path / "silent.gguf"
    make_tiny_planner(path, parallel_segments=False, metadata={"tokenizer.chat_template": "{{ '' }}"})
    async with engine_on(path) as engine:
        for _ in range(2):
            with pytest.raises(TemplateError, match="writes nothing"):
                await text_of(engine, prompt("x"))


async def test_a_prompt_without_tokens_ends_with_an_error_and_others_go_on(
    foreign_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out = Layout.tokens

    def tokens(layout: Layout, asked: Prompt) -> TokenPrompt:
        return TokenPrompt((), (), ()) if asked == prompt("empty") else laid_out(layout, asked)

    monkeypatch.setattr(Layout, "tokens", tokens)
    async with engine_on(foreign_model) as engine:
        other = asyncio.create_task(text_of(engine, prompt("text Sid"), max_tokens=30))
        with pytest.raises(ModelError, match="has no tokens"):
            await text_of(engine, prompt("empty"))
        await other
        await text_of(engine, prompt("text Sid"), max_tokens=3)
