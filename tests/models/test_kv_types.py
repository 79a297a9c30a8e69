"""Keys and values in fewer bits: near what 16 bits give, smaller, and never mixed up on disk."""

from pathlib import Path

import numpy as np
import pytest

from scrubjay.models.cache_settings import IN_MEMORY, CacheSettings
from scrubjay.models.kv_types import KVType, cell_bytes
from scrubjay.models.metadata import read_metadata

from ..tiny_model import make_tiny_planner
from .driving import driving, prompt

TOOLS = ("note(text: str) Write it down.", "find(name: str) Find it.")
ASKED = prompt("text Sid and Lutfi that I'm late", TOOLS)


@pytest.mark.parametrize(("kv_type", "apart"), [(KVType.Q8_0, 0.3), (KVType.Q4_0, 3.0)])
def test_fewer_bits_give_nearly_the_same_logits_also_after_a_restart(
    planner: Path, tmp_path: Path, kv_type: KVType, apart: float
) -> None:
    with driving(planner) as driver:
        exact = driver.write(ASKED, 1)
    cache = CacheSettings(folder=tmp_path, kv_type=kv_type)
    with driving(planner, cache=cache) as driver:
        first = driver.write(ASKED, 1)
        whole = driver.scheduler.computed
    with driving(planner, cache=cache) as driver:
        again = driver.write(ASKED, 1)
        assert driver.scheduler.computed < whole
    assert 0 < np.abs(np.subtract(first, exact)).max() < apart
    assert np.abs(np.subtract(first, again)).max() == 0
    with driving(planner, cache=CacheSettings(folder=tmp_path)) as driver:
        assert np.abs(np.subtract(driver.write(ASKED, 1), exact)).max() == 0


def test_a_models_file_names_its_type_and_settings_come_before_it(tmp_path: Path) -> None:
    path = tmp_path / "planner.gguf"
    make_tiny_planner(path, metadata={"scrubjay.kv_type": "q8_0"})
    metadata = read_metadata(path)
    assert IN_MEMORY.type_for(metadata) is KVType.Q8_0
    assert CacheSettings(kv_type=KVType.F16).type_for(metadata) is KVType.F16
    assert cell_bytes(metadata, KVType.F16) == 2 * 2 * 2 * 32 * 2  # layers, K and V, heads, sizes, bytes
    assert cell_bytes(metadata, KVType.Q4_0) == 144
