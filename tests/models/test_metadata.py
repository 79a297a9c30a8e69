import struct
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.catalog import bundled_planner
from scrubjay.models.errors import ModelFileError
from scrubjay.models.metadata import read_header, read_metadata


def test_what_a_file_says_about_itself_is_read_without_loading_it(planner: Path) -> None:
    metadata = read_metadata(planner)
    assert metadata["general.architecture"] == "qwen3"
    assert metadata["qwen3.context_length"] == 2048
    assert metadata["scrubjay.parallel_segments"] is True
    assert metadata["qwen3.rope.freq_base"] == 10_000.0
    assert "tokenizer.ggml.tokens" not in metadata


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04" * 100, b"\x80\x02}q" * 50])
def test_a_file_of_another_kind_is_named_with_what_was_expected(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"other\.gguf: this is not a GGUF file\. Expected: a lang"):
        read_metadata(path)


def test_a_missing_file_and_a_folder_are_errors_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"none\.gguf: .*No such file"):
        read_metadata(tmp_path / "none.gguf")
    with pytest.raises(ModelFileError, match="Is a directory"):
        read_metadata(tmp_path)


@given(kept=st.floats(0, 1))
def test_a_file_cut_anywhere_in_its_metadata_is_damaged(planner: Path, kept: float) -> None:
    whole = planner.read_bytes()
    path = planner.with_name("cut.gguf")
    path.write_bytes(whole[: 4 + int(kept * (whole.index(b"scrubjay.facts") - 4))])
    with pytest.raises(ModelFileError, match="damaged or cut short"):
        read_metadata(path)


@given(noise=st.binary(max_size=200))
def test_no_bytes_make_reading_fail_in_another_way(planner: Path, noise: bytes) -> None:
    path = planner.with_name("noise.gguf")
    path.write_bytes(b"GGUF\x03\x00\x00\x00" + noise)
    with suppress(ModelFileError):
        read_metadata(path)


def written(path: Path, *pairs: bytes, tensors: tuple[bytes, ...] = ()) -> Path:
    """A GGUF file of these pairs and these announcements of tensors."""
    counts = struct.pack("<IQQ", 3, len(tensors), len(pairs))
    path.write_bytes(b"GGUF" + counts + b"".join(pairs) + b"".join(tensors) + bytes(1000))
    return path


def named(name: bytes) -> bytes:
    return struct.pack("<Q", len(name)) + name


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (struct.pack("<II", 4, 0), "general.alignment is 0, and must be a power of two"),
        (struct.pack("<II", 4, 33), "general.alignment is 33, and must be a power of two"),
        (struct.pack("<Ii", 5, -32), "general.alignment is of the type INT32, and must be UINT32"),
        (struct.pack("<I", 8) + named(b"x"), "general.alignment is of the type STRING, and must be UINT32"),
        (struct.pack("<If", 6, 32), "general.alignment is of the type FLOAT32, and must be UINT32"),
        (struct.pack("<IIQ", 9, 4, 0), r"general.alignment is of the type UINT32\[\], and must be UINT32"),
    ],
)
def test_an_alignment_that_cannot_be_is_told(value: bytes, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.gguf", named(b"general.alignment") + value)
    with pytest.raises(ModelFileError, match=f"damaged or cut short .{problem}"):
        read_header(path)


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ([1] * 5, "a tensor of 5 dimensions is announced; 4 are the most"),
        ([2**32, 2**32], "a tensor of 18446744073709551616 values is announced"),
        ([2**40, 2**20], "the data of x goes beyond the end"),
    ],
)
def test_tensors_that_cannot_be_are_told(shape: list[int], problem: str, tmp_path: Path) -> None:
    numbers = struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, 0)
    path = written(tmp_path / "a.gguf", tensors=(named(b"x") + numbers,))
    with pytest.raises(ModelFileError, match=problem):
        read_header(path)


def test_a_tensor_of_a_million_dimensions_is_refused_at_once(tmp_path: Path) -> None:
    numbers = struct.pack("<I", 10**6) + struct.pack("<Q", 2**63) * 10**6
    path = written(tmp_path / "a.gguf", tensors=(named(b"x") + numbers,))
    started = time.perf_counter()
    with pytest.raises(ModelFileError, match="1000000 dimensions"):
        read_header(path)
    assert time.perf_counter() - started < 5


@given(noise=st.binary(max_size=200), at=st.integers(0, 4000))
def test_a_header_of_noise_fails_in_no_other_way(planner: Path, noise: bytes, at: int) -> None:
    whole = planner.read_bytes()
    start = whole.index(b"token_embd.weight") - 100 + at
    path = planner.with_name("noisy.gguf")
    path.write_bytes(whole[:start] + noise + whole[start + len(noise) :])
    with suppress(ModelFileError):
        read_header(path)


def test_an_installation_without_the_bundled_planner_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.models.catalog._WEIGHTS", tmp_path)
    with pytest.raises(ModelFileError, match=r"planner\.gguf: this installation has no bundled planner"):
        bundled_planner()
    (tmp_path / "planner.gguf").touch()
    assert bundled_planner() == tmp_path / "planner.gguf"
