import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.models.errors import ModelFileError
from scrubjay.models.library import load_model

from ..tiny_model import make_tiny_planner

WRITE_SOMETHING = """
import asyncio, sys
from pathlib import Path
from scrubjay.models.engine import LlamaEngine
from scrubjay.models.prompt import Prompt, Segment

async def main():
    async with await LlamaEngine.load(Path(sys.argv[1])) as engine:
        async for chunk in engine.generate(Prompt((Segment.request("hi"),)), max_tokens=3):
            pass

asyncio.run(main())
"""


def output_of_writing(model: Path, **environment: str) -> bytes:
    command = [sys.executable, "-c", WRITE_SOMETHING, str(model)]
    run = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **environment})
    return run.stdout + run.stderr


def test_llama_cpp_is_silent_unless_asked(planner: Path) -> None:
    assert output_of_writing(planner) == b""
    assert b"llama_model_loader" in output_of_writing(planner, SCRUBJAY_LLAMA_LOG="1")


def test_a_file_without_its_last_weights_is_refused_with_the_reason(planner: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(planner.read_bytes()[:-1000])
    with pytest.raises(
        ModelFileError, match=r"cut\.gguf: llama\.cpp cannot load it \(.*incomplete.*Expected"
    ):
        load_model(path)


def test_a_model_of_an_unknown_architecture_is_refused(planner: Path, tmp_path: Path) -> None:
    path = tmp_path / "foreign.gguf"
    path.write_bytes(planner.read_bytes().replace(b"qwen3", b"kwen3"))
    with pytest.raises(ModelFileError, match="unknown model architecture: 'kwen3'"):
        load_model(path)


def test_a_model_of_a_newer_dialect_is_refused(tmp_path: Path) -> None:
    make_tiny_planner(tmp_path / "new.gguf", metadata={"scrubjay.dialect": "scrubjay-9"})
    with pytest.raises(ModelFileError, match=r"speaks the dialect 'scrubjay-9'. Expected: scrubjay-1"):
        load_model(tmp_path / "new.gguf")
