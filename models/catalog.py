"""Which models there are: for now the planner that Scrubjay carries."""

from pathlib import Path

from .errors import ModelFileError

_WEIGHTS = Path(__file__).parent / "weights"


def bundled_planner() -> Path:
    """The GGUF file of the bundled planner. Raises `ModelFileError` when this installation has none."""
    path = _WEIGHTS / "planner.gguf"
    if not path.is_file():
        raise ModelFileError(
            path,
            "this installation has no bundled planner",
            "the one that a release carries or `make train` makes; any other GGUF file can be named instead",
        )
    return path
