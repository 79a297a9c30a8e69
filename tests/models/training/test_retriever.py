import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from scrubjay.models.training.metatool import metatool_requests
from scrubjay.models.training.retriever_bank import closest, far
from scrubjay.models.training.retriever_data import Question, question
from scrubjay.models.training.retriever_export import export
from scrubjay.models.training.retriever_model import Encoder, EncoderShape
from scrubjay.retrieval.embedder import ModelFilesError, OnnxEmbedder

TINY = EncoderShape(vocabulary=16, width=16, layers=1, heads=2, feed_forward=32, positions=64)


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    made = Tokenizer(WordLevel({word: n for n, word in enumerate(["?", *"abcdefg"])}, "?"))
    made.pre_tokenizer = Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def test_the_exported_encoder_gives_the_vectors_of_the_trained_one(tmp_path: Path, tokenizer: Path) -> None:
    encoder = Encoder(TINY).eval()
    export(encoder, tokenizer, tmp_path / "out", quantized=False)
    texts = ["a b c", "g", "a b c d e f g a b", "b c"]
    ids = Tokenizer.from_file(str(tokenizer))
    with torch.no_grad():
        wanted = [encoder(torch.tensor([row]), torch.ones(1, len(row)).long())[0] for row in
                  (ids.encode(text).ids for text in texts)]  # fmt: skip
    vectors = OnnxEmbedder(tmp_path / "out").embed(texts)
    assert np.allclose(vectors, torch.stack(wanted).numpy(), atol=1e-5)


def test_missing_or_broken_weights_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesError, match="install scrubjay again"):
        OnnxEmbedder(tmp_path)
    (tmp_path / "encoder.onnx").write_bytes(b"half a model")
    with pytest.raises(ModelFilesError, match="install scrubjay again"):
        OnnxEmbedder(tmp_path)


def test_rows_of_the_development_set_are_never_trained_on(tmp_path: Path) -> None:
    (tmp_path / "metatool").mkdir()
    with (tmp_path / "metatool" / "queries.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("Query", "Tool"), *((f"request {n}", "T") for n in range(100))])
    trained = {text for text, _ in metatool_requests(tmp_path, development=False)}
    developed = {text for text, _ in metatool_requests(tmp_path, development=True)}
    assert developed == {f"request {n}" for n in range(0, 100, 10)}
    assert not trained & developed


def test_a_request_is_as_close_to_a_tool_as_its_closest_part() -> None:
    questions = [question("play jazz and set a timer", [0, 1]), Question(("stop",), frozenset((2,)))]
    assert questions[0].texts == ("play jazz and set a timer", "play jazz", "set a timer")
    scores = torch.tensor([[0.1, 0.2, 0.0], [0.9, 0.0, 0.1], [0.0, 0.8, 0.0], [0.0, 0.0, 0.7]])
    assert torch.equal(closest(scores, questions), torch.tensor([[0.9, 0.8, 0.1], [0.0, 0.0, 0.7]]))


def test_what_is_wanted_is_far_until_it_stands_above_the_rest() -> None:
    wanted = torch.tensor([[True, False, False], [False, True, True]])
    above = torch.tensor([[9.0, 0.0, 0.0], [0.0, 9.0, 9.0]])
    assert far(above, wanted) < 0.01 < 8 < far(-above, wanted)
