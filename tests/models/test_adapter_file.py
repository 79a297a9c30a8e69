from pathlib import Path

import pytest

from scrubjay.models.adapter_file import read_adapter
from scrubjay.models.errors import AdapterError, ModelFileError

from ..tiny_adapter import random_matrices, write_adapter
from ..tiny_model import Shape, make_tiny_planner, random_weights

NAMED = {"scrubjay.weights": "aaaa"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "planner.gguf"
    make_tiny_planner(path, metadata=NAMED)
    return path


MATRICES = random_matrices(random_weights(Shape(), 400, 0))


def test_a_file_tells_what_it_is(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "reasoning.gguf"
    metadata = {"scrubjay.adapter.base": "aaaa", "scrubjay.adapter.kind": "reasoning"}
    write_adapter(path, MATRICES, metadata=metadata, invocation=[7, 8])
    file = read_adapter(path, model)
    assert (file.name, file.kind, file.base, file.rank, file.alpha) == (
        "reasoning",
        "reasoning",
        "aaaa",
        4,
        4.0,
    )
    assert file.invocation == (7, 8)
    assert file.prompt_by_base
    assert read_adapter(path, model, "other").name == "other"


def test_without_invocation_tokens_or_our_flag_the_prompt_is_the_adapters(
    model: Path, tmp_path: Path
) -> None:
    write_adapter(tmp_path / "style.gguf", MATRICES)
    assert not read_adapter(tmp_path / "style.gguf", model).prompt_by_base
    write_adapter(tmp_path / "flag.gguf", MATRICES, metadata={"scrubjay.adapter.prompt": "base"})
    assert read_adapter(tmp_path / "flag.gguf", model).prompt_by_base


def test_adapters_of_the_same_content_have_one_identity_and_others_another(
    model: Path, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("a.gguf", "b.gguf", "c.gguf")]
    for path, seed in zip(paths, (0, 0, 1), strict=True):
        write_adapter(path, random_matrices(random_weights(Shape(), 400, 0), seed))
    a, b, c = (read_adapter(path, model).identity for path in paths)
    assert a == b != c


def test_an_adapter_for_other_weights_is_refused(model: Path, tmp_path: Path) -> None:
    write_adapter(tmp_path / "a.gguf", MATRICES, metadata={"scrubjay.adapter.base": "bbbb"})
    with pytest.raises(AdapterError, match=r"trained on other weights \(bbbb\) than this model's \(aaaa\)"):
        read_adapter(tmp_path / "a.gguf", model)


def test_an_adapter_for_another_architecture_is_refused(model: Path, tmp_path: Path) -> None:
    write_adapter(tmp_path / "a.gguf", MATRICES, architecture="llama")
    with pytest.raises(AdapterError, match="made for llama models, and this is a qwen3 model"):
        read_adapter(tmp_path / "a.gguf", model)


def test_matrices_of_other_shapes_are_refused(model: Path, tmp_path: Path) -> None:
    wider = random_matrices(random_weights(Shape(feed_forward=256), 400, 0))
    write_adapter(tmp_path / "a.gguf", wider)
    with pytest.raises(AdapterError, match=r"blk\.0\.ffn_gate\.weight is 64 by 128 in this model"):
        read_adapter(tmp_path / "a.gguf", model)


def test_layers_that_the_model_has_not_are_refused(model: Path, tmp_path: Path) -> None:
    deeper = random_matrices(random_weights(Shape(layers=3), 400, 0))
    write_adapter(tmp_path / "a.gguf", deeper)
    with pytest.raises(AdapterError, match=r"it changes blk\.2\.attn_q\.weight, which this model does not"):
        read_adapter(tmp_path / "a.gguf", model)


def test_half_a_pair_is_refused(model: Path, tmp_path: Path) -> None:
    write_adapter(tmp_path / "a.gguf", MATRICES)
    data = (tmp_path / "a.gguf").read_bytes()
    (tmp_path / "a.gguf").write_bytes(
        data.replace(b"blk.0.attn_q.weight.lora_b", b"blk.0.attn_q.weight.lora_c")
    )
    with pytest.raises(AdapterError, match="one is missing"):
        read_adapter(tmp_path / "a.gguf", model)


def test_a_model_is_no_adapter(model: Path) -> None:
    with pytest.raises(AdapterError, match="no LoRA adapter"):
        read_adapter(model, model)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_refused(part: float, model: Path, tmp_path: Path) -> None:
    write_adapter(tmp_path / "a.gguf", MATRICES)
    data = (tmp_path / "a.gguf").read_bytes()
    (tmp_path / "a.gguf").write_bytes(data[: int(part * len(data))])
    with pytest.raises(ModelFileError, match="damaged or cut short"):
        read_adapter(tmp_path / "a.gguf", model)


def test_something_else_and_nothing_are_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_text("hello")
    with pytest.raises(ModelFileError, match="not a GGUF file"):
        read_adapter(tmp_path / "a.gguf", model)
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_adapter(tmp_path / "missing.gguf", model)
