"""`scrubjay ARGUMENTS...` with plans from a file in place of a model.

    python scripted_chat.py PLANS ARGUMENTS...

PLANS is JSON: {request: plan}.
"""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

from scrubjay.agent.planner import Engine
from scrubjay.apps.main import main
from scrubjay.testing import ScriptedPlanner


@asynccontextmanager
async def scripted(model: Path | None) -> AsyncGenerator[Engine, None]:
    yield ScriptedPlanner(PLANS, evidence=True, pause_s=0.005)


if __name__ == "__main__":
    PLANS = json.loads(Path(sys.argv.pop(1)).read_text())
    with patch("scrubjay.apps.chat.loaded_engine", scripted):
        main()
