"""What was found to be fastest is kept for one model on one machine, and changes nothing that is written."""

from pathlib import Path

import pytest

from scrubjay.models.engine import EngineSettings, LlamaEngine
from scrubjay.models.kv_types import KVType
from scrubjay.models.roofline import measure_speed
from scrubjay.models.tuning import BATCHES, Tuned, remember, remembered, tune

from .driving import prompt

FOUND = Tuned(threads=1, prompt_tokens=64, kv_type=KVType.Q8_0, draft_tokens=7)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def test_tuning_tells_of_each_way_and_finds_one_of_them(foreign_model: Path) -> None:
    told: list[str] = []
    tuned = tune(foreign_model, told.append)
    assert tuned.prompt_tokens in BATCHES
    assert any(line.startswith(f"threads {tuned.threads}:") for line in told)
    assert any(line.startswith(f"tokens of a prompt at once {tuned.prompt_tokens}:") for line in told)


def test_what_was_found_is_for_that_model_alone(foreign_model: Path, planner: Path) -> None:
    assert remembered(foreign_model) == EngineSettings()
    remember(foreign_model, FOUND)
    settings = remembered(foreign_model)
    assert (settings.threads, settings.prompt_tokens, settings.draft_tokens) == (1, 64, 7)
    assert settings.cache.kv_type is KVType.Q8_0
    assert remembered(planner) == EngineSettings()


def test_what_is_asked_for_counts_more(foreign_model: Path) -> None:
    remember(foreign_model, FOUND)
    asked = EngineSettings(threads=2, draft_tokens=0)
    settings = remembered(foreign_model, asked)
    assert (settings.threads, settings.prompt_tokens, settings.draft_tokens) == (2, 64, 0)


def test_a_damaged_file_counts_as_none(foreign_model: Path) -> None:
    remember(foreign_model, FOUND).write_text("{")
    assert remembered(foreign_model) == EngineSettings()


async def test_fewer_tokens_at_once_change_nothing_that_is_written(planner: Path) -> None:
    written = []
    for prompt_tokens in (None, 16):
        settings = EngineSettings(context_tokens=1024, prompt_tokens=prompt_tokens, threads=1)
        async with await LlamaEngine.load(planner, settings) as engine:
            chunks = engine.generate(prompt("text Sid " * 20), max_tokens=24)
            written.append("".join([chunk.text async for chunk in chunks]))
    assert written[0] == written[1]


def test_speed_is_measured_beside_what_bounds_it(foreign_model: Path) -> None:
    speed = measure_speed(foreign_model, threads=1)
    assert speed.machine.threads == 1
    bounds = (speed.machine.bandwidth, speed.machine.arithmetic, speed.decode_bound, speed.prefill_bound)
    assert all(number > 0 for number in (*bounds, speed.decode, speed.prefill, speed.batched))
    assert speed.products_bound is not None
    assert speed.products_bound > 0
