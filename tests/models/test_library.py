import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.models.catalog import bundled_planner
from scrubjay.models.declared import check_declared
from scrubjay.models.errors import ModelFileError
from scrubjay.models.library import load_model
from scrubjay.models.metadata import read_metadata

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


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("scrubjay.kv_type", "abc", "f16, q8_0, q4_0"),
        ("scrubjay.kv_type", True, "f16, q8_0, q4_0"),
        ("scrubjay.confidence.scale", "abc", "a finite number"),
        ("scrubjay.confidence.new.offset", True, "a finite number"),
        ("scrubjay.special_tokens", "{", "the JSON of texts"),
        ("scrubjay.special_tokens", "[1]", "the JSON of texts"),
        ("scrubjay.special_tokens", '{"<x>": "1"}', "the JSON of texts"),
        ("scrubjay.special_tokens", "[" * 100_000, "the JSON of texts"),
        ("scrubjay.parallel_segments", "false", "true or false"),
        ("scrubjay.facts", "no", "true or false"),
        ("scrubjay.tools", True, "a text"),
        ("scrubjay.requests", "many", "a whole number"),
        ("scrubjay.dialect", False, "a text"),
    ],
)
def test_a_value_that_a_key_of_ours_cannot_have_is_refused_and_named(
    tmp_path: Path, key: str, value: str | bool, expected: str
) -> None:
    path = tmp_path / "odd.gguf"
    make_tiny_planner(path, metadata={key: value})
    with pytest.raises(ModelFileError, match=f"its metadata has {re.escape(key)} = .*Expected: {expected}"):
        load_model(path)


def test_keys_that_nobody_knows_may_have_any_value(tmp_path: Path) -> None:
    path = tmp_path / "new.gguf"
    known = {"scrubjay.kv_type": "q8_0", "scrubjay.special_tokens": '{"<x>": 1}'}
    make_tiny_planner(path, metadata={"scrubjay.of_tomorrow": "x", **known})
    assert load_model(path).metadata["scrubjay.of_tomorrow"] == "x"


def test_the_bundled_planner_declares_what_it_may() -> None:
    path = bundled_planner()
    check_declared(path, read_metadata(path))
