from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ..tiny_model import make_tiny_planner

# Machines that run tests are slow at times: how long one example takes says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny planner of our own kind."""
    path = tmp_path_factory.mktemp("models") / "planner.gguf"
    make_tiny_planner(path)
    return path


@pytest.fixture(scope="session")
def foreign_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model as others would have made it: without our keys."""
    path = tmp_path_factory.mktemp("models") / "foreign.gguf"
    make_tiny_planner(path, parallel_segments=False)
    return path
