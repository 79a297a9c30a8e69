"""Whisper's way from a checkpoint to words, with a tiny model of random weights that is made here."""

from pathlib import Path

import pytest

from scrubjay.apps.voice.names import Names
from scrubjay.apps.voice.sound import SoundError
from scrubjay.apps.voice.transcriber import choose_transcriber, whisper_weights

from .speech import silence

torch = pytest.importorskip("torch")
whisper = pytest.importorskip("whisper", reason="needs pip install 'scrubjay[whisper]'")

NAMES = Names(("Anna Berg", "Lutfi Karim"), ("Journal",), ("screenshot",))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where whisper keeps weights: for this test an empty folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "whisper").mkdir()
    return tmp_path / "whisper"


def _checkpoint(path: Path) -> Path:
    """A model of whisper's kind, 64 wide, in the shape of a file that whisper downloads."""
    torch.manual_seed(1)
    sizes = {
        "n_mels": 80,
        "n_audio_ctx": 1500,
        "n_audio_state": 64,
        "n_audio_head": 2,
        "n_audio_layer": 1,
        "n_vocab": 51864,
        "n_text_ctx": 448,
        "n_text_state": 64,
        "n_text_head": 2,
        "n_text_layer": 1,
    }
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**sizes))
    torch.nn.init.normal_(model.decoder.positional_embedding, std=3.0)  # or each word repeats the last
    torch.save({"dims": sizes, "model_state_dict": model.state_dict()}, path)
    return path


def test_with_weights_on_the_machine_whisper_is_the_default(cache: Path) -> None:
    assert whisper_weights() is None
    assert choose_transcriber(NAMES).name == "pocketsphinx"
    weights = _checkpoint(cache / "tiny.en.pt")
    assert whisper_weights() == weights
    assert choose_transcriber(NAMES).name == "whisper"
    assert choose_transcriber(NAMES, "pocketsphinx").name == "pocketsphinx"


def test_sound_becomes_words_piece_by_piece_and_each_utterance_stands_for_itself(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _checkpoint(cache / "tiny.en.pt")
    prompts: list[str] = []
    transcribe = whisper.model.Whisper.transcribe

    def seen(model: object, sound: object, **options: object) -> object:
        prompts.append(str(options["initial_prompt"]))
        return transcribe(model, sound, sample_len=12, **options)  # random weights find no end by themselves

    monkeypatch.setattr(whisper.model.Whisper, "transcribe", seen)
    transcriber = choose_transcriber(NAMES)
    words = []
    for _ in range(2):
        transcriber.start()
        assert transcriber.hear(silence(0.4)) == ""  # not enough to read it
        so_far = transcriber.hear(silence(0.7))
        assert isinstance(so_far, str)
        assert len(prompts) % 2 == 1  # read once, at a second
        words.append(transcriber.finish())
    assert words[0] == words[1] != ""
    assert {*prompts} == {"Names: Anna Berg, Lutfi Karim, Journal, screenshot."}


def test_a_wanted_whisper_without_weights_says_how_to_get_them(cache: Path) -> None:
    with pytest.raises(SoundError, match="load_model"):
        choose_transcriber(NAMES, "whisper")


def test_a_broken_checkpoint_is_named(cache: Path) -> None:
    (cache / "base.en.pt").write_bytes(b"half a download")
    with pytest.raises(SoundError, match=r"base\.en\.pt cannot be read as weights of whisper"):
        choose_transcriber(NAMES)
