"""Transcribing with pocketsphinx: its acoustic model, our language model of requests, the user's names."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pocketsphinx import Decoder

from .names import Names
from .sound import RATE, Samples
from .sounds import dictionary, pronunciations

LANGUAGE_MODEL = Path(__file__).parent / "weights" / "requests.arpa.gz"
"""Written by `python -m scrubjay.models.training.spoken`."""

_MARK = "~"
"""Between a word and its class: pocketsphinx breaks when a word of a class is in the model, too."""
_LEAST_MEMBERS = 30
"""With few contacts each would be so likely that "eighty" becomes Ada."""
_NOISE = frozenset(["<s>", "</s>", "<sil>", "[NOISE]", "[SPEECH]"])


class SphinxTranscriber:
    """A `transcriber.Transcriber` that needs no download; names are classes of its language model."""

    name = "pocketsphinx"

    def __init__(self, names: Names) -> None:
        self._names = names
        self._written: Mapping[str, Mapping[str, str]] = {
            "name": names.person_words,
            "owner": {f"{word}'s": f"{name}'s" for word, name in names.person_words.items()},
            "title": names.title_words,
        }
        with tempfile.TemporaryDirectory(prefix="scrubjay-voice-") as folder:
            self._decoder = self._load(Path(folder))
        self._in_utterance = False

    def start(self) -> None:
        """An utterance begins."""
        if self._in_utterance:
            self._decoder.end_utt()
        self._decoder.start_utt()
        self._in_utterance = True

    def hear(self, samples: Samples) -> str:
        """Add sound; returns the best words so far."""
        self._decoder.process_raw(samples.tobytes())
        return self._text()

    def finish(self) -> str:
        """The words of the utterance, after a second look at it; names are written as they are known."""
        if not self._in_utterance:
            return ""
        self._decoder.end_utt()
        self._in_utterance = False
        return self._text()

    def _text(self) -> str:
        heard = self._decoder.hyp()
        if heard is None:
            return ""
        words = (self._word(word) for word in heard.hypstr.split() if word not in _NOISE)
        return self._names.corrected(" ".join(words))

    def _word(self, heard: str) -> str:
        word, _, kind = heard.split(":")[0].split("(")[0].partition(_MARK)
        return self._written.get(kind, {}).get(word, word)

    def _load(self, folder: Path) -> Decoder:
        with gzip.open(LANGUAGE_MODEL) as packed, (folder / "requests.arpa").open("wb") as file:
            shutil.copyfileobj(packed, file)
        model_words = _words_in(folder / "requests.arpa")
        lines = [line for word in sorted(model_words) for line in _dictionary_lines(word, word)]
        classes = []
        for kind, written in self._written.items():
            words = [word for word in written if pronunciations(word)] or ["unnamed"]
            classes.append(f"LMCLASS [{kind}]")
            share = 1 / max(len(words), _LEAST_MEMBERS)
            classes += [f"{word}{_MARK}{kind} {share:.6f}" for word in words]
            classes.append(f"END [{kind}]")
            lines += [line for word in words for line in _dictionary_lines(f"{word}{_MARK}{kind}", word)]
        (folder / "words.dict").write_text("\n".join(lines) + "\n", "utf-8")
        (folder / "names.lmclass").write_text("\n".join(classes) + "\n", "utf-8")
        kinds = " ".join(f"[{kind}]" for kind in self._written)
        control = f"{{ {folder}/names.lmclass }}\n{folder}/requests.arpa requests {{ {kinds} }}\n"
        (folder / "requests.lmctl").write_text(control, "utf-8")
        return Decoder(
            samprate=RATE,
            loglevel="FATAL",
            lmctl=str(folder / "requests.lmctl"),
            lmname="requests",
            dict=str(folder / "words.dict"),
        )


def _words_in(arpa: Path) -> Iterable[str]:
    words = set()
    with arpa.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("\\2-grams"):
                break
            fields = line.split("\t")
            if len(fields) > 1:
                words.add(fields[1].strip())
    return words & dictionary().keys()


def _dictionary_lines(entry: str, word: str) -> Iterator[str]:
    for number, phones in enumerate(pronunciations(word), 1):
        yield f"{entry}{f'({number})' if number > 1 else ''} {' '.join(phones)}"
