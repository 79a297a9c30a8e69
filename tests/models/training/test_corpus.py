"""The corpus keeps its own rules (models/training/corpus/FORMAT.md), and its splits keep apart."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scrubjay.agent.grammar import PlanGrammar
from scrubjay.agent.reader import parse_plan
from scrubjay.models.training.corpus import (
    SLOT,
    UNSEEN_PACKS,
    Call,
    Corpus,
    Example,
    Pack,
    is_held_out,
    load_corpus,
    plan_text,
)

FOLDER = Path(__file__).parents[3] / "models" / "training" / "corpus"


@pytest.fixture(scope="module")
def training() -> Corpus:
    return load_corpus(FOLDER)


@pytest.fixture(scope="module")
def held_out() -> Corpus:
    return load_corpus(FOLDER, held_out=True)


def packs(corpus: Corpus) -> tuple[Pack, ...]:
    return (*corpus.builtin, *corpus.others)


def examples(corpus: Corpus) -> Iterator[Example]:
    rng = random.Random(7)
    for pack in packs(corpus):
        for entry in pack.entries:
            yield pack.expand(entry, rng)


def references(value: Any) -> Iterator[int]:
    if isinstance(value, str) and (found := re.fullmatch(r"\$(\d+)(?:[.\[].*)?", value)):
        yield int(found[1])
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from references(item)


def strings(call: Call, tool: dict[str, Any]) -> Iterator[str]:
    for name, value in call.args.items():
        if "enum" not in tool["parameters"]["properties"][name]:
            yield from (v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))


def test_every_template_expands_to_a_plan_that_its_tools_and_request_allow(
    training: Corpus, held_out: Corpus
) -> None:
    faults = []
    copied = total = 0
    for corpus in (training, held_out):
        for example in examples(corpus):
            for number, call in enumerate(example.plan, 1):
                parameters = example.tools[call.tool]["parameters"]
                if (
                    not set(parameters.get("required", ()))
                    <= call.args.keys()
                    <= parameters["properties"].keys()
                ):
                    faults.append((example.query, call))
                if any(not 0 < reference < number for reference in references(call.args)):
                    faults.append((example.query, call))
                for text in strings(call, example.tools[call.tool]):
                    total += 1
                    copied += text.startswith("$") or text in example.query
    assert faults == []
    assert copied / total > 0.999  # values are the request's own words


def test_no_template_is_both_trained_on_and_held_out(training: Corpus, held_out: Corpus) -> None:
    kept = {pack.domain: pack for pack in packs(held_out)}
    trained = {pack.domain: pack for pack in packs(training) if pack.domain in kept}
    for domain, pack in trained.items():
        assert not {entry.query for entry in pack.entries} & {entry.query for entry in kept[domain].entries}
    assert all(not pack.entries and not pack.none for pack in training.others if pack.domain in UNSEEN_PACKS)
    count = {
        name: sum(len(part[name].entries) for part in (trained, kept))
        for name in (pack.domain for pack in held_out.builtin)
    }
    share = sum(len(pack.entries) for pack in held_out.builtin) / sum(count.values())
    assert 0.08 < share < 0.12


def test_what_was_added_later_is_all_trained_on_and_asks_for_nothing_in_held_out_words(
    training: Corpus, held_out: Corpus
) -> None:
    kept = {bare(entry.query) for pack in packs(held_out) for entry in pack.entries}
    added = [pack for pack in packs(training) if (FOLDER / "more" / "packs" / f"{pack.domain}.json").exists()]
    assert added
    assert not {bare(entry.query) for pack in added for entry in pack.entries} & kept
    for pack in added:
        raw = json.loads((FOLDER / "more" / "packs" / f"{pack.domain}.json").read_text("utf-8"))
        assert len(pack.entries) == sum(len(entry["queries"]) for entry in raw["single"] + raw["multi"])


def bare(template: str) -> str:
    """A query template's words alone: without slots, capitals and punctuation."""
    return " ".join(re.findall(r"\w+", SLOT.sub(" X ", template.lower())))


def test_the_split_is_the_same_everywhere() -> None:
    assert [is_held_out(text) for text in ("a", "b", "weather:will it rain")] == [True, False, False]
    assert sum(is_held_out(str(number)) for number in range(10_000)) == pytest.approx(1000, rel=0.1)


def test_gold_plans_are_plans_of_the_language_that_the_grammar_lets_a_model_write(held_out: Corpus) -> None:
    for example in list(examples(held_out))[::40]:
        text = plan_text(example.plan)
        steps = parse_plan(text).steps
        assert [step.tool for step in steps] == [call.tool for call in example.plan]
        grammar = PlanGrammar(list(example.tools.values()), [example.query], [])
        assert grammar.next_grammar("") is not None


def test_dialogues_carry_what_was_said_before(training: Corpus) -> None:
    turns = training.expand_dialogue(training.dialogues[0], random.Random(0))
    assert len(turns) > 1
    assert [len(turn.history) for turn in turns] == list(range(len(turns)))
    assert turns[1].history[0].query == turns[0].query
    assert len(turns[1].history[0].results) == len(turns[0].plan)
