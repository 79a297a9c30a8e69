"""Adapters at run time: what is computed under which, whose KV is read by whom, how often it is switched."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from numpy.typing import NDArray

from scrubjay.models.adapters import AdapterUse, Switch
from scrubjay.models.errors import AdapterError, UnknownAdapterError

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import Shape, make_tiny_planner
from . import reference
from .driving import Driver, driving, prompt
from .test_composition import laid_out

TOOLS = (
    "send_message(to: [str], text: str) Send a text message.",
    "get_phone_number(name: str) Look up a phone number in the contacts.",
    "note(text: str) Write it down.",
)
REQUEST = "text Sid and Lutfi that I'm late"
BASE = {"scrubjay.adapter.prompt": "base"}

Logits = NDArray[np.float32]


class Files:
    """A model, and adapters for it: `own` reads its prompts, `shared` leaves them to the model."""

    def __init__(self, folder: Path) -> None:
        self.model = folder / "planner.gguf"
        self.weights = make_tiny_planner(self.model)
        self.matrices = {
            name: random_matrices(self.weights, seed) for seed, name in enumerate(("own", "shared", "other"))
        }
        self.paths = [folder / f"{name}.gguf" for name in self.matrices]
        for path in self.paths:
            write_adapter(path, self.matrices[path.stem], metadata={} if path.stem == "own" else BASE)

    def load(self, driver: Driver) -> Driver:
        for path in self.paths:
            driver.add_adapter(path)
        return driver


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("adapters"))


def close(one: list[Logits], other: list[Logits]) -> bool:
    return len(one) == len(other) and bool(np.abs(np.subtract(one, other)).max() < 2e-2)


@pytest.mark.parametrize("name", ["own", "shared"])
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_an_adapter_gives_the_logits_of_the_arithmetic_written_out(
    name: str, scale: float, files: Files
) -> None:
    with driving(files.model) as driver:
        files.load(driver)
        asked = prompt(REQUEST, TOOLS)
        (logits,) = driver.write_all([asked], 1, [AdapterUse(name, scale)])[0]
        tokens = driver.layout.tokens(asked)
    arguments = laid_out(tokens)
    on = np.zeros(len(arguments[0]), bool)
    on[-1 if name == "shared" else 0 :] = True
    lora = reference.Lora(files.matrices[name], scale, on)
    expected = reference.logits(files.weights, Shape(), *arguments, lora)[-1]
    alone = reference.logits(files.weights, Shape(), *arguments)[-1]
    assert np.abs(logits - expected).max() < 0.02
    assert np.abs(expected - alone).max() > 0.2


def test_an_adapter_that_leaves_the_prompt_to_the_model_computes_no_segment_anew(files: Files) -> None:
    asked = prompt(REQUEST, TOOLS)
    with driving(files.model) as driver:
        files.load(driver)
        driver.write(asked)
        rest = len(driver.layout.tokens(asked).rest)
        for use in (AdapterUse("shared"), AdapterUse("other", 0.5), None, AdapterUse("shared", 0.1)):
            before = driver.scheduler.computed
            driver.write_all([asked], 3, [use])
            assert driver.scheduler.computed - before <= rest + 2


def test_an_adapter_that_reads_prompts_has_segments_of_its_own(files: Files) -> None:
    asked = prompt(REQUEST, TOOLS)
    with driving(files.model) as driver:
        tokens = files.load(driver).layout.tokens(asked)
        driver.write(asked)
        before = driver.scheduler.computed
        driver.write_all([asked], 1, [AdapterUse("own")])
        everything = len(tokens.system) + sum(map(len, tokens.tools)) + len(tokens.rest)
        assert driver.scheduler.computed - before == everything


def test_an_activated_lora_is_off_until_its_invocation_tokens_are_read(files: Files, tmp_path: Path) -> None:
    asked = prompt(REQUEST, TOOLS)
    with driving(files.model) as driver:
        rest = driver.layout.tokens(asked).rest
        write_adapter(tmp_path / "late.gguf", files.matrices["own"], invocation=rest[-3:-1])
        write_adapter(tmp_path / "never.gguf", files.matrices["own"], invocation=[1, 1, 1])
        driver.add_adapter(tmp_path / "late.gguf")
        driver.add_adapter(tmp_path / "never.gguf")
        late, never, alone = driver.write_all([asked] * 3, 1, [AdapterUse("late"), AdapterUse("never"), None])
        arguments = laid_out(driver.layout.tokens(asked))
    on = np.zeros(len(arguments[0]), bool)
    on[-3:] = True
    lora = reference.Lora(files.matrices["own"], 1.0, on)
    expected = reference.logits(files.weights, Shape(), *arguments, lora)[-1]
    assert close(never, alone)
    assert not close(late, alone)
    assert np.abs(late[0] - expected).max() < 0.02


def test_generations_of_different_adapters_side_by_side_write_as_if_alone(files: Files) -> None:
    uses = [None, AdapterUse("shared"), AdapterUse("own"), AdapterUse("shared"), AdapterUse("own", 0.5), None]
    prompts = [prompt(f"{REQUEST} {number}", TOOLS[number % 2 :]) for number in range(len(uses))]
    with driving(files.model, parallel=3) as driver:
        together = files.load(driver).write_all(prompts, 6, uses)
    for asked, use, written in zip(prompts, uses, together, strict=True):
        with driving(files.model) as driver:
            assert close(files.load(driver).write_all([asked], 6, [use])[0], written)


def test_generations_of_one_adapter_share_steps_and_switches_are_rare(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    with driving(files.model, parallel=4) as driver:
        files.load(driver)
        switches: list[Switch | None] = []
        switch = driver.scheduler._context.switch

        def noted(on: Switch | None) -> None:
            switches.append(on)
            switch(on)

        monkeypatch.setattr(driver.scheduler._context, "switch", noted)
        uses = [AdapterUse("shared"), AdapterUse("other")] * 4
        driver.write_all([prompt(f"note {number}") for number in range(8)], 20, uses)
    changes = sum(one != other for one, other in pairwise(switches))
    assert changes <= 12
    assert len(switches) < 8 * 20


def test_nobody_starves_while_others_keep_coming(files: Files) -> None:
    with driving(files.model, parallel=2) as driver:
        files.load(driver)
        uses: list[AdapterUse | None] = [AdapterUse("shared")] * 60
        uses[5] = AdapterUse("other")
        order: list[str] = []
        start = driver.scheduler._start

        def noted(requests: list) -> bool:  # type: ignore[type-arg]
            started = start(requests)
            if started:
                order.append(requests[0].adapter.name)
            return started

        driver.scheduler._start = noted  # type: ignore[method-assign]
        driver.write_all([prompt(f"note {number}") for number in range(60)], 3, uses)
    assert 0 < order.index("other") < 25


def test_an_adapter_is_not_removed_while_it_writes(files: Files) -> None:
    with driving(files.model) as driver:
        files.load(driver)
        driver.scheduler.remove_adapter("other")
        assert [file.name for file in driver.scheduler.adapters.files] == ["own", "shared"]
        with pytest.raises(UnknownAdapterError, match="no adapter 'other' is loaded, only: own, shared"):
            driver.write_all([prompt("x")], 1, [AdapterUse("other")])
        with pytest.raises(AdapterError, match="is loaded"):
            driver.add_adapter(files.paths[0])


def test_what_llama_cpp_refuses_is_an_error_and_the_model_goes_on_without_it(
    files: Files, tmp_path: Path
) -> None:
    path = tmp_path / "late.gguf"
    nameless = {f"{'x' * 80}_norm.weight": np.ones(4, np.float32)}  # beyond what llama.cpp takes as a name
    write_adapter(path, files.matrices["shared"], metadata=BASE, extra=nameless)
    with driving(files.model) as driver:
        alone = driver.write(prompt(REQUEST), 2)
        with pytest.raises(AdapterError, match=r"late\.gguf: llama\.cpp cannot load it \(.*tensor name"):
            driver.add_adapter(path)
        assert not driver.scheduler.adapters.files
        with pytest.raises(UnknownAdapterError, match="no adapter 'late' is loaded"):
            driver.write_all([prompt(REQUEST)], 1, [AdapterUse("late")])
        assert close(driver.write(prompt(REQUEST), 2), alone)
        driver.add_adapter(files.paths[1])


@pytest.mark.parametrize("kind", [Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0])
def test_adapters_of_every_type_that_is_taken_write_nearly_the_same(
    kind: Type, files: Files, tmp_path: Path
) -> None:
    matrices = random_matrices(files.weights, rank=32, strength=0.3)
    write_adapter(tmp_path / "exact.gguf", matrices, metadata=BASE)
    write_adapter(tmp_path / "rounded.gguf", matrices, metadata=BASE, weight_type=kind)
    with driving(files.model) as driver:
        driver.add_adapter(tmp_path / "exact.gguf")
        driver.add_adapter(tmp_path / "rounded.gguf")
        uses = [AdapterUse("exact"), AdapterUse("rounded"), None]
        exact, rounded, alone = (rows[0] for rows in driver.write_all([prompt(REQUEST, TOOLS)] * 3, 1, uses))
    assert np.abs(rounded - exact).mean() < 0.4 * np.abs(alone - exact).mean()


class Switching(RuleBasedStateMachine):
    """Whatever was switched, removed, loaded and written before: each prompt gives what a cold run gives."""

    files: Files
    cold: dict[tuple[str, tuple[str, ...], AdapterUse | None], list[Logits]]

    @initialize()
    def start(self) -> None:
        self.driver = Driver(self.files.model, cells=512, parallel=2)
        self.loaded: list[str] = []

    @rule(name=st.sampled_from(["own", "shared", "other"]))
    def load_or_remove(self, name: str) -> None:
        if name in self.loaded:
            self.driver.scheduler.remove_adapter(name)
            self.loaded.remove(name)
        else:
            self.driver.add_adapter(next(path for path in self.files.paths if path.stem == name))
            self.loaded.append(name)

    @rule(
        texts=st.lists(st.sampled_from(["note that", "text Sid", REQUEST]), min_size=1, max_size=3),
        tools=st.sampled_from([(), TOOLS[:1], TOOLS[1:], TOOLS]),
        pick=st.randoms(use_true_random=False),
        scale=st.sampled_from([1.0, 0.5, 0.0]),
    )
    def write(self, texts: list[str], tools: tuple[str, ...], pick: "object", scale: float) -> None:
        choose: Callable[[list[str | None]], str | None] = pick.choice  # type: ignore[attr-defined]
        names = [choose([None, *self.loaded]) for _ in texts]
        uses = [None if name is None else AdapterUse(name, scale) for name in names]
        warm = self.driver.write_all([prompt(text, tools) for text in texts], 4, uses)
        for text, use, rows in zip(texts, uses, warm, strict=True):
            assert close(rows, self.cold_run(text, tools, use))

    @rule()
    def restart(self) -> None:
        self.driver.close()
        loaded, self.loaded = self.loaded, []
        self.driver = Driver(self.files.model, cells=512, parallel=2)
        for name in loaded:
            self.load_or_remove(name)

    def cold_run(self, text: str, tools: tuple[str, ...], use: AdapterUse | None) -> list[Logits]:
        key = (text, tools, use)
        if key not in self.cold:
            with driving(self.files.model) as driver:
                self.cold[key] = self.files.load(driver).write_all([prompt(text, tools)], 4, [use])[0]
        return self.cold[key]

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.driver.close()


def test_warm_restarted_and_cold_runs_agree_under_every_sequence_of_switches(files: Files) -> None:
    Switching.files, Switching.cold = files, {}
    run_state_machine_as_test(
        Switching, settings=settings(max_examples=25, stateful_step_count=12, deadline=None)
    )
