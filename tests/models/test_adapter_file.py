from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from gguf import GGUFValueType as Kind
from numpy.typing import DTypeLike

from scrubjay.models.adapter_file import read_adapter
from scrubjay.models.errors import AdapterError, ModelFileError
from scrubjay.models.metadata import read_header

from ..tiny_adapter import ALPHA, INVOCATION, AnyMatrices, Value, random_matrices, write_adapter
from ..tiny_model import WORDS, Shape, byte_level_vocabulary, make_tiny_planner, random_weights

EMBEDDING = "token_embd.weight"
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
    with pytest.raises(ModelFileError, match=r"not a GGUF file\. Expected: a LoRA adapter in GGUF format"):
        read_adapter(tmp_path / "a.gguf", model)
    with pytest.raises(ModelFileError, match=r": the file cannot be read \(No such file.*Expected: a LoRA"):
        read_adapter(tmp_path / "missing.gguf", model)


def changed(dtype: DTypeLike = np.float32, number: float | None = None) -> AnyMatrices:
    """The matrices as `dtype`, the first number of the first one replaced."""
    matrices = {name: (a.astype(dtype), b.astype(dtype)) for name, (a, b) in MATRICES.items()}
    if number is not None:
        next(iter(matrices.values()))[1][0, 0] = number
    return matrices


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.float64])
def test_matrices_of_types_that_llama_cpp_cannot_multiply_by_are_refused(
    dtype: DTypeLike, model: Path, tmp_path: Path
) -> None:
    write_adapter(tmp_path / "a.gguf", changed(dtype))
    with pytest.raises(
        AdapterError, match=r"lora_a is of ggml's type \d+; an adapter's are F32, F16, BF16, Q4"
    ):
        read_adapter(tmp_path / "a.gguf", model)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(
    number: float, dtype: DTypeLike, model: Path, tmp_path: Path
) -> None:
    write_adapter(tmp_path / "a.gguf", changed(dtype, number))
    with pytest.raises(AdapterError, match=r"blk\.0\.attn_q\.weight\.lora_b holds numbers that are infinite"):
        read_adapter(tmp_path / "a.gguf", model)


WIDE = random_matrices(random_weights(Shape(), 400, 0), rank=32)


@pytest.mark.parametrize("kind", [Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0])
def test_quantised_matrices_are_taken_unless_a_scale_is_no_number(
    kind: Type, model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.gguf"
    write_adapter(path, WIDE, weight_type=kind)
    assert read_adapter(path, model).rank == 32
    content = path.read_bytes()
    first = read_header(path).data
    path.write_bytes(content[:first] + b"\xff\xff" + content[first + 2 :])
    with pytest.raises(AdapterError, match=r"lora_a holds numbers that are infinite or none \(NaN\)"):
        read_adapter(path, model)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        (ALPHA, (64, Kind.UINT32), "is of the type UINT32, and must be FLOAT32"),
        (ALPHA, (64.0, Kind.FLOAT64), "is of the type FLOAT64, and must be FLOAT32"),
        (ALPHA, ("64", Kind.STRING), "is of the type STRING, and must be FLOAT32"),
        (ALPHA, ([64.0], Kind.ARRAY, Kind.FLOAT32), r"is of the type FLOAT32\[\], and must be FLOAT32"),
        (ALPHA, (float("nan"), Kind.FLOAT32), "is nan, and must be a finite number"),
        (ALPHA, (float("-inf"), Kind.FLOAT32), "is -inf, and must be a finite number"),
        (INVOCATION, ([7], Kind.ARRAY, Kind.INT32), r"is of the type INT32\[\], and must be UINT32\[\]"),
        (INVOCATION, (7, Kind.UINT32), r"is of the type UINT32, and must be UINT32\[\]"),
        (INVOCATION, ([7] * 65, Kind.ARRAY, Kind.UINT32), "holds more than 64 tokens"),
    ],
)
def test_values_that_are_not_what_llama_cpp_reads_are_refused(
    key: str, value: Value, problem: str, model: Path, tmp_path: Path
) -> None:
    write_adapter(tmp_path / "a.gguf", MATRICES, values={key: value})
    with pytest.raises(AdapterError, match=f"{key} {problem}"):
        read_adapter(tmp_path / "a.gguf", model)


def test_a_pair_of_rank_0_is_refused(model: Path, tmp_path: Path) -> None:
    write_adapter(tmp_path / "a.gguf", {name: (a[:0], b[:, :0]) for name, (a, b) in MATRICES.items()})
    with pytest.raises(
        AdapterError, match=r"of blk\.0\.attn_q\.weight has the rank 0; it must be at least 1"
    ):
        read_adapter(tmp_path / "a.gguf", model)


def test_the_embedding_is_changed_only_where_the_model_writes_with_a_matrix_of_its_own(
    model: Path, tmp_path: Path
) -> None:
    rows, columns = random_weights(Shape(), len(byte_level_vocabulary(WORDS)[0]), 0)[EMBEDDING].shape
    pair = np.ones((rows, 4), np.float32), np.ones((columns, 4), np.float32)
    write_adapter(tmp_path / "a.gguf", {EMBEDDING: pair})
    assert read_adapter(tmp_path / "a.gguf", model).rank == 4
    tied = tmp_path / "tied.gguf"
    tied.write_bytes(model.read_bytes().replace(b"output.weight", b"unused.weight"))
    with pytest.raises(AdapterError, match=r"it changes token_embd\.weight, with which this model also"):
        read_adapter(tmp_path / "a.gguf", tied)
