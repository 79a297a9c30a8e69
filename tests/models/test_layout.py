from pathlib import Path
from unittest.mock import patch

import pytest

from scrubjay.models.errors import ModelFileError
from scrubjay.models.layout import Layout
from scrubjay.models.library import load_model
from scrubjay.models.prompt import Prompt, Segment
from scrubjay.models.vocabulary import Vocabulary

from ..tiny_model import make_tiny_planner
from .driving import Driver, driving

PROMPT = Prompt(
    (
        Segment.system(),
        Segment.tool("note(text: str)"),
        Segment.tool("get()"),
        Segment.turn("get it", "$1 = get()\ndone\n", "it"),
        Segment.facts("Monday"),
        Segment.request("note <|end|>"),
    )
)


def names(driver: Driver, *parts: str) -> tuple[int, ...]:
    """Tokens of special names and of texts, as listed."""
    tokens: list[int] = []
    for part in parts:
        special = driver.vocabulary.special(part)
        tokens += driver.vocabulary.tokenize(part.removeprefix("\\")) if special is None else [special]
    return tuple(tokens)


def test_special_tokens_stand_where_training_put_them(planner: Path) -> None:
    with driving(planner) as driver:
        tokens = driver.layout.tokens(PROMPT)
        assert tokens.system == names(driver, "<|system|>")
        assert set(tokens.tools) == {
            names(driver, "<|tool|>", "note(text: str)"),
            names(driver, "<|tool|>", "get()"),
        }
        turn = ("<|turn|>", "get it", "<|plan|>", "$1 = get()\ndone\n", "<|result|>", "it")
        request = ("<|request|>", "\\note <|end|>", "<|plan|>")
        assert tokens.rest == names(driver, *turn, "<|facts|>", "Monday", *request)


def test_tools_whose_tokens_were_told_before_a_restart_are_not_told_again(planner: Path) -> None:
    texts = (
        "note(text: str) Write it down.",
        "été(“où”: str)\n  two  spaces ",
        "get() <|tool|> <|end|>",
        "x\u2581y",
    )
    tools = [Segment.tool(text) for text in texts]
    with driving(planner) as before, driving(planner) as after:
        expected = before.layout.segments(tools).tools
        for tokens in expected:
            after.layout.know(tokens)
        with patch.object(Vocabulary, "tokenize", side_effect=AssertionError("it was told")):
            assert after.layout.segments(tools).tools == expected


def test_without_parallel_segments_everything_is_one_sequence_in_order(planner: Path, tmp_path: Path) -> None:
    make_tiny_planner(tmp_path / "plain.gguf", metadata={"scrubjay.parallel_segments": False})
    with driving(planner) as driver, driving(tmp_path / "plain.gguf") as plain:
        parallel, tokens = driver.layout.tokens(PROMPT), plain.layout.tokens(PROMPT)
        tools = names(driver, "<|tool|>", "note(text: str)", "<|tool|>", "get()")
        assert (tokens.system, tokens.tools) == ((), ())
        assert tokens.rest == parallel.system + tools + parallel.rest


def test_another_makers_model_reads_plain_text(foreign_model: Path) -> None:
    with driving(foreign_model) as driver:
        text = "note(text: str)\nget()\nget it\n$1 = get()\ndone\n\nit\nMonday\nnote <|end|>\n"
        pieces = [driver.vocabulary.piece(token) for token in driver.layout.tokens(PROMPT).rest]
        assert b"".join(pieces).decode() == text


def test_our_dialect_without_its_special_tokens_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    make_tiny_planner(path)
    path.write_bytes(path.read_bytes().replace(b"<|facts|>", b"<|f_cts|>"))
    model = load_model(path)
    with pytest.raises(ModelFileError, match=r"its vocabulary lacks <\|facts\|>"):
        Layout(model, Vocabulary(model))
