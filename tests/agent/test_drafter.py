"""A small planner beside a large model: its plan is a hint, and changes nothing but the time it takes."""

from pathlib import Path

from scrubjay.agent.plan import print_plan
from scrubjay.agent.planner import Planner
from scrubjay.models.catalog import bundled_planner
from scrubjay.models.engine import EngineSettings, LlamaEngine

from ..tiny_model import make_tiny_planner
from .test_planner import TOOLS


async def test_a_drafter_beside_a_model_changes_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "foreign.gguf"
    make_tiny_planner(path, parallel_segments=False)
    plans = []
    for drafter in (False, True):
        settings = EngineSettings(draft_tokens=15 if drafter else 0)
        async with await LlamaEngine.load(path, settings) as engine:
            if drafter:
                engine.drafter = await LlamaEngine.load(bundled_planner())
            planner = Planner(engine, max_tokens=3000)
            plans.append([print_plan((await planner.write(r, TOOLS)).plan) for r in ("note milk", "mail it")])
    assert plans[0] == plans[1]
