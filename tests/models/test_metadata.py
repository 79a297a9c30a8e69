from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.catalog import bundled_planner
from scrubjay.models.errors import ModelFileError
from scrubjay.models.metadata import read_metadata


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


def test_an_installation_without_the_bundled_planner_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.models.catalog._WEIGHTS", tmp_path)
    with pytest.raises(ModelFileError, match=r"planner\.gguf: this installation has no bundled planner"):
        bundled_planner()
    (tmp_path / "planner.gguf").touch()
    assert bundled_planner() == tmp_path / "planner.gguf"
