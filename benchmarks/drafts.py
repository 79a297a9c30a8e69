"""What drafts and forced tokens save: tokens a second with and without, and that the text stays the same.

    python benchmarks/drafts.py [--model FILE.gguf] [--kind Q4_0] [--rounds 3] [--busy]

By default on a model of Qwen2.5-0.5B's shape with random weights. What such a model writes is noise, so for
the plans its choice is computed, thrown away and replaced by the wanted token, at the cost of a real step.
`plain` decodes token by token; `forced` reads at once what the grammar leaves no choice about; `drafts` also
guesses what repeats the request; `hint` also gets the plan that the bundled planner writes meanwhile, right
or wrong.
Paragraphs that copy nothing are written freely, with and without drafts; so is noise, the model's own text,
which has to be the same. Ratios are medians of the rounds.
--busy counts processor seconds of one thread, for a machine with other work.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from scrubjay.agent.planner import Planner
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.confidence import Row
from scrubjay.models.constrained import Constraint, Greedy, LineByLine
from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.vocabulary import Vocabulary
from scrubjay.tools.builtin import builtin_tools
from scrubjay.tools.tool import Tool

sys.path.append(str(Path(__file__).parent.parent.parent))
from scrubjay.benchmarks.scripted import Script, ScriptedLines
from scrubjay.tests.foreign_model import QWEN_05B, make_foreign_model

PLANS = (
    (
        "text Sid and Lutfi that I'm running about twenty minutes late because the train stopped in Fulda",
        '$1 = get_phone_number(name="Sid")\n$2 = get_phone_number(name="Lutfi")\n'
        "$3 = send_sms(to=[$1, $2], message=\"I'm running about twenty minutes late because the train stopped"
        ' in Fulda")\ndone\n',
    ),
    (
        "make a note called Shopping for Saturday with two litres of oat milk, a rye bread and six lemons",
        '$1 = create_note(title="Shopping for Saturday", content="two litres of oat milk, a rye bread and six'
        ' lemons")\ndone\n',
    ),
    (
        "remind me tomorrow at half past nine to call the insurance about claim 4471-B and the broken window",
        '$1 = create_reminder(text="call the insurance about claim 4471-B and the broken window",'
        ' due="tomorrow at half past nine")\ndone\n',
    ),
)
TOOLS = ("get_phone_number", "send_sms", "create_note", "create_reminder", "calculate")
FREE = (
    "Swallows arrive late in April, when insects begin to rise over warm fields. Each pair mends last"
    " year's nest with mud from a nearby ditch and lines it using feathers or straw. By midsummer two"
    " broods may have flown, and young birds gather along telegraph wires before they leave for Africa."
    " Few people notice that day; suddenly, though, evenings sound emptier.",
    "Bread needs only flour, water, salt and some patience. Mix them loosely, let everything rest half"
    " an hour, then fold the dough a few times while it slowly gains strength. A long night somewhere"
    " cool does more for flavour than any kneading could. Bake it hot, inside a heavy pot, until its"
    " crust sings as you lift it out.",
    "My grandfather repaired clocks above a bakery. Customers climbed narrow stairs carrying heirlooms"
    " wrapped in towels, and he would listen first, head tilted, before opening anything. He charged"
    " little, talked less, kept tiny screws sorted by length within old tobacco tins, and never once"
    " told anybody that their treasure was worthless.",
)
ASKED = "write a paragraph, please"
NOISE_TOKENS = 96
CLOCK = [time.perf_counter]


class ScriptedGreedy(Greedy):
    """Without a grammar; wants the script."""

    vocabulary: Vocabulary

    def __init__(self) -> None:
        self._written = 0

    def choose(self, logits: Row) -> int:
        super().choose(logits)
        rest = Script.text[self._written :]
        return self.vocabulary.tokenize(rest.decode())[0]

    def accept(self, token: int) -> list[int]:
        self._written += len(self.vocabulary.piece(token))
        return []


@dataclass(frozen=True)
class Timed:
    """rate: tokens a second after the first ones. seconds: from the request on. text: what was written."""

    rate: float
    seconds: float
    text: str


async def timed(planner: Planner, request: str, constraint: Constraint | None, most: int) -> Timed:
    """Write once."""
    asked = CLOCK[0]()
    prompt = planner._prompt(request, TOOL_OBJECTS, (), "")
    text, tokens, started, ended = "", 0, 0.0, 0.0
    async with planner._hinted(request, TOOL_OBJECTS, (), "") as hint:
        stream = planner._engine.generate(prompt, constraint=constraint, max_tokens=most, **hint)
        async for chunk in stream:
            ended = CLOCK[0]()
            if started:
                tokens += chunk.tokens
            else:
                started = ended
            text += chunk.text
    return Timed(tokens / (ended - started), ended - asked, text)


async def measure(path: Path, rounds: int, threads: int | None, draft: int) -> None:
    """Load the model twice, with drafts and without, and let all ways take turns."""
    async with AsyncExitStack() as stack:
        engines = []
        for tokens in (0, draft):
            settings = EngineSettings(dialect="plan", draft_tokens=tokens, threads=threads)
            engines.append(await stack.enter_async_context(await LlamaEngine.load(path, settings)))
        ScriptedGreedy.vocabulary = engines[0].vocabulary
        without, drafts = map(Planner, engines)
        engines[1].drafter = await stack.enter_async_context(await LlamaEngine.load(bundled_planner()))
        print(f"{path.name}: {rounds} rounds, plans first", flush=True)
        ways = {"plain": without, "forced": without, "drafts": drafts, "hint": Planner(engines[1])}
        await plans(ways, rounds)
        await paragraphs(without, drafts, rounds)
        await noise(without, drafts)


def scripted(constraint: Constraint, vocabulary: Vocabulary) -> LineByLine:
    """The large model's text is told; the bundled planner's is its own."""
    told = vocabulary.size == ScriptedGreedy.vocabulary.size
    return (ScriptedLines if told else LineByLine)(constraint, vocabulary)


async def plans(ways: dict[str, Planner], rounds: int) -> None:
    done: dict[str, list[Timed]] = {way: [] for way in ways}
    with (
        patch("scrubjay.models.scheduler.LineByLine", scripted),
        patch("scrubjay.models.scheduler.Greedy", ScriptedGreedy),
    ):
        for number in range(rounds + 1):
            for request, plan in PLANS:
                Script.text = plan.encode()
                length = len(ScriptedGreedy.vocabulary.tokenize(plan))
                for way, planner in ways.items():
                    lines = planner._grammar(request, TOOL_OBJECTS, (), "", None)
                    grammar, most = (None, length) if way == "plain" else (lines, 400)
                    once = await timed(planner, request, grammar, most)
                    if once.text != plan:
                        raise RuntimeError(f"{way} wrote {once.text!r}")
                    if number:  # the first round reads tools and examples
                        done[way].append(once)
            if number:
                print(f"  round {number}: " + _rates(done), flush=True)
    for way in ("forced", "drafts", "hint"):
        pairs = list(zip(done[way], done["plain"], strict=True))
        print(f"plans, {way:8}{_spread([fast.rate / slow.rate for fast, slow in pairs])}")
        print(f"  from the request on{_spread([slow.seconds / fast.seconds for fast, slow in pairs])}")


async def paragraphs(without: Planner, drafts: Planner, rounds: int) -> None:
    ratios = []
    with patch("scrubjay.models.scheduler.Greedy", ScriptedGreedy):
        for number in range(rounds * len(FREE)):
            text = FREE[number % len(FREE)]
            Script.text = text.encode()
            most = len(ScriptedGreedy.vocabulary.tokenize(text))
            slow, fast = [await timed(planner, ASKED, None, most) for planner in (without, drafts)]
            if fast.text != text:
                raise RuntimeError(f"drafts wrote {fast.text!r}")
            ratios.append(fast.rate / slow.rate)
    print(f"no copies      {_spread(ratios)}")


async def noise(*planners: Planner) -> None:
    texts = [
        [(await timed(planner, asked, None, NOISE_TOKENS)).text for asked in (ASKED, *FREE)]
        for planner in planners
    ]
    print(f"greedy text with and without drafts: {'the same' if texts[0] == texts[1] else 'NOT the same'}")


def _spread(ratios: Sequence[float]) -> str:
    middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
    return f"{middle:5.2f} times plain decoding ({low:.2f} to {high:.2f})"


def _rates(done: dict[str, list[Timed]]) -> str:
    medians = {way: statistics.median(t.rate for t in times[-len(PLANS) :]) for way, times in done.items()}
    return ", ".join(f"{way} {rate:.1f}" for way, rate in medians.items()) + " tokens/s"


def _tools() -> list[Tool]:
    with tempfile.TemporaryDirectory() as folder:
        return [tool for tool in builtin_tools(Path(folder)) if tool.name in TOOLS]


TOOL_OBJECTS = _tools()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--kind", default="Q4_0", choices=("Q4_0", "Q8_0"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--draft", type=int, default=15)
    parser.add_argument("--busy", action="store_true")
    options = parser.parse_args()
    if options.busy:
        CLOCK[0], options.threads = time.process_time, 1
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or Path(folder) / f"qwen-0.5b-{options.kind}.gguf"
        if not options.model:
            make_foreign_model(path, QWEN_05B, options.kind)
        asyncio.run(measure(path, options.rounds, options.threads, options.draft))


if __name__ == "__main__":
    main()
