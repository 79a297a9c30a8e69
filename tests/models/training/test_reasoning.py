"""The reasoning problems and the adapter's training: what is asked, kept apart, computed and exported."""

import json
import re
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from scrubjay.models.adapter_file import read_adapter
from scrubjay.models.adapters import AdapterUse
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.sums import worked_out
from scrubjay.models.switcher import needs_thought
from scrubjay.models.training.attention import kernel
from scrubjay.models.training.corpus import Call, Corpus, load_corpus, plan_text
from scrubjay.models.training.export import write_gguf
from scrubjay.models.training.model import ModelShape, PlannerModel
from scrubjay.models.training.reasoning.base import base_weights
from scrubjay.models.training.reasoning.commands import write_cases
from scrubjay.models.training.reasoning.examples import Examples
from scrubjay.models.training.reasoning.export import export, exported
from scrubjay.models.training.reasoning.model import AdaptedPlanner, Adapter
from scrubjay.models.training.reasoning.packing import PagePacker, PageShape
from scrubjay.models.training.reasoning.problems import Problem, problems
from scrubjay.models.training.reasoning.tools import MORE_TOOLS, deed
from scrubjay.models.training.reasoning.train import AdapterRun, before, read_tools, train
from scrubjay.models.training.tokenizer import Encoder

from ..driving import driving

CORPUS = Path(__file__).parents[3] / "models" / "training" / "corpus"
TOKENIZER = Path(__file__).parents[3] / "models" / "training" / "start" / "tokenizer.json"


@pytest.fixture(scope="module")
def some() -> list[Problem]:
    return list(islice(problems(1, held_out=False), 4000))


def test_the_same_seed_gives_the_same_problems() -> None:
    assert list(islice(problems(5, True), 40)) == list(islice(problems(5, True), 40))


def test_held_out_problems_share_no_request_and_no_name_with_training(
    some: list[Problem],
) -> None:
    held_out = list(islice(problems(2, held_out=True), 300))

    def names(all_problems: list[Problem]) -> set[str]:
        texts = [v for p in all_problems for c in p.plan for k, v in c.args.items() if isinstance(v, str)]
        return {text for text in texts if not re.match(r"\d|[A-Z]{2}\d|[A-Z]\d\d", text)}

    assert not {p.request.lower() for p in some} & {p.request.lower() for p in held_out}
    assert not names(some) & names(held_out)


def days_between(problem: Problem) -> int:
    today = datetime.strptime(problem.facts.split()[1], "%Y-%m-%d").date()
    texts = [str(value) for value in problem.plan[0].args.values()]
    day = next(text[:10] for text in texts if re.match(r"\d{4}-\d\d-\d\d", text))
    return (date.fromisoformat(day) - today).days


def test_days_are_what_a_calendar_says(some: list[Problem]) -> None:
    words = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
    words |= {"nine": 9, "ten": 10, "eleven": 11, "twelve": 12}
    seen = 0
    for problem in some:
        said = re.search(r"\bin (\w+) (days|weeks)\b(?!')", problem.request) or re.search(
            r"(\w+) (days|weeks) (?:on )?from (?:today|now)", problem.request
        )
        count = said and (words.get(said[1].lower()) or (said[1].isdigit() and int(said[1])))
        rest = problem.request[said.end() :] if said else ""
        # such as "in two weeks, counted from Thursday"
        counted_from = re.match(r"\W+\w* ?(from|prior|after|before)\b", rest)
        if (
            problem.kind in {"list_events", "remind", "schedule", "move"}
            and said
            and count
            and not counted_from
        ):
            assert days_between(problem) == count * (7 if said[2] == "weeks" else 1)
            seen += 1
    assert seen > 8


def test_every_worked_out_value_ends_the_thought_or_is_made_of_it(some: list[Problem]) -> None:
    for problem in some:
        for value in problem.plan[0].args.values():
            if isinstance(value, int | float):
                assert str(value) in problem.thought
            if isinstance(value, list):
                assert all(day[5:] in problem.thought for day in value)
            if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?", value):
                assert value in problem.thought


def _fraction(number: re.Match[str]) -> str:
    return f"Fraction('{int(number[0]) if number[0].isdigit() else number[0]}')"


def test_every_sum_is_one_that_the_runtime_works_out(some: list[Problem]) -> None:
    checked = 0
    for problem in some:
        for line in problem.lines:
            sum_, equals, result = line.partition("=")
            if equals:
                assert worked_out(f"{sum_}=") == result, problem
                checked += 1
            if re.fullmatch(r"(?!\d{4}-)[\d.]+([*/+-][\d.]+)+", sum_):
                assert eval(re.sub(r"[\d.]+", _fraction, sum_)) == Fraction(result), problem
    assert checked > 500


def test_what_is_worked_out_is_not_learnt(some: list[Problem]) -> None:
    encoder = Encoder.load(TOKENIZER)
    examples = Examples(encoder, Corpus((), (), (), {}), 3)
    for problem in [problem for problem in some if problem.kind in {"tip", "split", "schedule"}][:30]:
        example = examples.example(problem)
        learnt = [t for t, counts in zip(example.targets, example.scored, strict=True) if counts]
        text = encoder.tokenizer.decode(learnt, skip_special_tokens=True)
        assert text.startswith("\n".join(re.sub("=.*", "=", line) for line in problem.lines)), problem


def test_of_the_tools_that_do_what_is_asked_one_is_offered(some: list[Problem]) -> None:
    examples = Examples(Encoder.load(TOKENIZER), Corpus((), (), (), {}), 3)
    for problem in some[:300]:
        used = problem.plan[0].tool
        offered = examples.example(problem).tools
        assert [tool for tool in offered if deed(tool) == deed(used)] == [used]


def test_turns_before_a_problem_have_days_around_its_own() -> None:
    corpus = load_corpus(CORPUS)
    encoder = Encoder.load(TOKENIZER)
    examples = Examples(encoder, corpus, 3)
    texts = [encoder.tokenizer.decode(examples.one().prompt, skip_special_tokens=False) for _ in range(400)]
    told = [re.findall(r"20\d\d-\d\d-\d\d", text) for text in texts if "<|turn|>" in text]
    days = [[date.fromisoformat(day) for day in found] for found in told]
    apart = [abs((day - found[-1]).days) for found in days for day in found[:-1]]
    assert len(told) > 80
    assert len(apart) > 20
    assert sorted(apart)[len(apart) * 9 // 10] < 100  # ordinary requests say days of any year


def test_problems_of_one_kind_use_several_tools(some: list[Problem]) -> None:
    used = {problem.plan[0].tool for problem in some if problem.kind == "table"}
    assert {deed(tool) for tool in used} == {"book_table"}
    assert len(used) > 1


def test_thoughts_are_short(some: list[Problem]) -> None:
    encode = Encoder.load(TOKENIZER)
    assert max(len(encode(problem.thought)) for problem in some) < 120


def test_cases_are_lines_that_eval_reads(tmp_path: Path) -> None:
    write_cases(CORPUS, tmp_path / "cases.jsonl", 30)
    cases = [json.loads(line) for line in (tmp_path / "cases.jsonl").read_text().splitlines()]
    assert len(cases) == 30
    for case in cases:
        offered = {tool["name"] for tool in case["tools"]}
        assert len(offered) == 6
        assert {step["tool"] for step in case["plan"]} <= offered
        assert case["facts"]


@pytest.mark.parametrize(
    "request_",
    ["remind me two days before the 3rd to pay the rent", "split 84 euros between me, Ana and the twins"],
)
def test_what_has_to_be_worked_out_is_thought_about(request_: str) -> None:
    assert needs_thought(request_)


@pytest.mark.parametrize("request_", ["play some jazz", "text Sid that I'm late", "what is Ana's number", ""])
def test_ordinary_requests_are_not(request_: str) -> None:
    assert not needs_thought(request_)


NEEDS_COMPILER = pytest.mark.skipif(kernel() is None, reason="there is no C++ compiler")
SHAPE = {"width": 64, "layers": 2, "heads": 1, "feed_forward": 128}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A base with random weights as a GGUF file, and a random adapter trained on it, exported."""
    folder = tmp_path_factory.mktemp("tiny")
    encoder = Encoder.load(TOKENIZER)
    torch.manual_seed(0)
    model = PlannerModel(ModelShape(encoder.size, **SHAPE))
    for parameter in model.parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=0.2)
    content = {
        "shape": {"vocabulary": encoder.size, **SHAPE},
        "recipe": {},
        "requests": 1,
        "model": model.state_dict(),
    }
    write_gguf(content, encoder, "", folder / "base.gguf")
    adapter = Adapter(model.shape, rank=4)
    for value in adapter.b.values():
        torch.nn.init.normal_(value, std=0.3)
    _, _, identity = base_weights(folder / "base.gguf")
    torch.save(
        {
            "adapter": adapter.state_dict(),
            "rank": 4,
            "base": identity,
            "kind": "reasoning",
            "step": 1,
            "examples": 16,
        },
        folder / "adapter.pt",
    )
    export(folder / "adapter.pt", TOKENIZER, folder / "reasoning.gguf")
    return folder / "base.gguf", folder / "reasoning.gguf"


def test_an_exported_adapter_says_what_it_is_for(tiny: tuple[Path, Path]) -> None:
    file = read_adapter(tiny[1], tiny[0])
    assert (file.kind, file.rank, file.prompt_by_base, file.sums) == ("reasoning", 4, True, True)


@NEEDS_COMPILER
def test_training_computes_what_the_runtime_computes(tiny: tuple[Path, Path]) -> None:
    weights, shape, _ = base_weights(tiny[0])
    base = PlannerModel(shape)
    base.load_state_dict(weights)
    state = torch.load(tiny[1].parent / "adapter.pt", weights_only=True)
    adapter = Adapter(shape, 4)
    adapter.load_state_dict(state["adapter"])
    model = AdaptedPlanner(base, compiled=False)
    examples = Examples(Encoder.load(TOKENIZER), Corpus((), (), (), {}), 3)
    problem = Problem(
        "",
        "pause the gym for 3 weeks",
        "Monday 2026-11-23 14:05 en_GB",
        ("3*7=21",),
        (Call("pause_subscription", {"name": "the gym", "days": 21}),),
    )
    example = examples.example(problem)
    tools, cells = read_tools(model, examples)
    other = examples.example(next(problems(1, held_out=False)))
    read, written = PagePacker(PageShape(512, 512, 4), tools).pack([other, example])
    with torch.no_grad():
        hidden = model.write(written, before(model, read, cells), adapter)
    first = len(other.written) - 1
    hidden = hidden[first : first + len(example.written) - 1]
    logits = (hidden.float() @ base.embedding.weight.T).numpy()
    segments = [Segment.tool(_text(name)) for name in example.tools]
    asked = Prompt(
        (Segment.system(), *segments, Segment.facts(problem.facts), Segment.request(problem.request))
    )
    with driving(tiny[0], cells=2048) as driver:
        driver.add_adapter(tiny[1])
        rows = driver.follow(asked, example.written, AdapterUse("reasoning"))
    assert len(rows) == len(logits)
    # bf16 there, 16-bit KV here.
    assert np.corrcoef(np.concatenate(rows), logits.ravel())[0, 1] > 0.995
    plan = examples.encoder.tokenizer.decode(example.written[-20:])
    assert plan_text(problem.plan).strip().endswith("done")
    assert "done" in plan


def _text(name: str) -> str:
    from scrubjay.models.dialects import tool_text

    return tool_text(MORE_TOOLS[name])


def test_weekdays_ahead_are_counted_from_tomorrow(some: list[Problem]) -> None:
    for problem in some:
        said = re.search(r"a week from (\w+day)", problem.request)
        if problem.kind == "list_events" and said:
            today = datetime.strptime(problem.facts.split()[1], "%Y-%m-%d").date()
            first = next(
                today + timedelta(n) for n in range(1, 8) if (today + timedelta(n)).strftime("%A") == said[1]
            )
            assert days_between(problem) == (first - today).days + 7


@NEEDS_COMPILER
def test_a_run_goes_on_from_its_weights_on_a_new_base(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    state = torch.load(tiny[1].parent / "adapter.pt", weights_only=True)
    torch.save(state | {"base": "another", "examples": 40}, tmp_path / "adapter.pt")
    train(AdapterRun(tmp_path, tiny[0], TOKENIZER, CORPUS, minutes=1e-6, rank=4, compiled=False))
    after = torch.load(tmp_path / "adapter.pt", weights_only=True)
    assert (after["examples"], after["base"]) == (40, base_weights(tiny[0])[2])
    assert all(torch.equal(after["adapter"][name], value) for name, value in state["adapter"].items())


def test_what_was_exported_is_read_back(tiny: tuple[Path, Path]) -> None:
    state = torch.load(tiny[1].parent / "adapter.pt", weights_only=True)
    matrices, examples = exported(tiny[1], state["adapter"])
    assert examples == state["examples"]
    assert matrices.keys() == state["adapter"].keys()
    assert all(torch.equal(matrices[name], value.half().float()) for name, value in state["adapter"].items())


@NEEDS_COMPILER
@pytest.mark.parametrize(("rank", "goes_on"), [(4, True), (8, False)])
def test_a_run_without_a_checkpoint_goes_on_from_an_exported_adapter_of_its_shapes(
    rank: int, goes_on: bool, tiny: tuple[Path, Path], tmp_path: Path
) -> None:
    run = AdapterRun(
        tmp_path, tiny[0], TOKENIZER, CORPUS, minutes=1e-6, start=tiny[1], rank=rank, compiled=False
    )
    train(run)
    after = torch.load(tmp_path / "adapter.pt", weights_only=True)
    matrices, examples = exported(tiny[1], after["adapter"])
    assert after["examples"] == (examples if goes_on else 0)
    if goes_on:
        assert all(torch.equal(after["adapter"][name], value) for name, value in matrices.items())
