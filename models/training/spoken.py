"""The language model of speech recognition: what people ask an assistant for, mixed with general English.

    python -m scrubjay.models.training.spoken apps/voice/weights/requests.arpa.gz

General English is the bigrams of the model in the pocketsphinx package. Names and titles are classes, which
the voice assistant fills with those of the user's own contacts and notes.
"""

from __future__ import annotations

import gzip
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from num2words import num2words
from pocketsphinx import NGramModel, get_model_path

from .corpus import Corpus, Entry, Json, Pack, load_corpus

NAME, OWNER, TITLE = "[name]", "[owner]", "[title]"
"""Classes: names, names as owners ("Anna's"), titles."""
START, END, UNKNOWN = "<s>", "</s>", "<UNK>"

Gram = tuple[str, ...]

_DISCOUNT = 0.6
_REQUESTS = 0.7
"""How much of the mixture is requests; the rest is general English."""
_GENERAL_WORDS = 20_000
_PAIRED_WORDS = 2_500
"""The commonest general words, whose bigrams are kept where they tell something."""
_LEAST_GAIN = 3e-8
"""A general bigram is kept when it is worth this much entropy (nats), as in Stolcke's pruning."""
_FILLS = 3
_COMMON = 1e-5
"""Words of names above this general probability ("my", "mum", "rose") stay themselves."""
_NAMED = {"get_phone_number": "name", "get_email_address": "name", "add_contact": "name"}
_TITLED = {"open_note": "title", "append_to_note": "title", "create_note": "title"}
_ANSWERS = ("yes", "yes please", "yes do it", "no", "no thanks", "no don't", "go ahead", "stop", "cancel")
_ANSWERED = 40
"""How often each answer to a question counts."""
_BASE = math.log10(1.0001)


class General:
    """General English: probabilities out of pocketsphinx's own model, and its dictionary."""

    def __init__(self) -> None:
        self._model = NGramModel.readfile(get_model_path("en-us/en-us.lm.bin"))
        lines = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text("utf-8").splitlines()
        self.pronounced = {word for line in lines if "(" not in (word := line.split(" ", 1)[0])}
        self.alone = {word: self.probability((word,)) for word in (*self.pronounced, START, END)}

    def probability(self, gram: Gram) -> float:
        """P(last word | the words before it); a word that is not known gets almost nothing."""
        logarithm: int = self._model.prob(list(reversed(gram)))  # the word first, then what was before it
        return float(10.0 ** (logarithm * _BASE))


def sentences(corpus: Corpus, general: General, seed: int = 1) -> Iterator[list[str]]:
    """Requests as they are spoken, word by word; each also with its names and titles as classes."""
    rng = random.Random(seed)
    for pack in corpus.builtin:
        for entry in pack.entries:
            for _ in range(_FILLS if "{" in entry.query else 1):
                yield from _said(pack, entry, rng, general)
        for text in pack.none:
            yield spoken_words(text)
    for text in _ANSWERS:
        yield from [text.split()] * _ANSWERED


def _said(pack: Pack, entry: Entry, rng: random.Random, general: General) -> Iterator[list[str]]:
    example = pack.expand(entry, rng)
    words = spoken_words(example.query)
    classes: dict[Gram, str] = {}
    for call in example.plan:
        for table, kind in ((_NAMED, NAME), (_TITLED, TITLE)):
            value = call.args.get(table.get(call.tool, ""))
            if isinstance(value, str) and not value.startswith("$"):
                classes[tuple(spoken_words(value))] = kind
    named = {gram: kind for gram, kind in classes.items() if kind == NAME}
    yield _with_classes(words, named, general)
    if len(named) < len(classes):
        yield _with_classes(words, classes, general)


def _with_classes(words: Sequence[str], classes: dict[Gram, str], general: General) -> list[str]:
    out, at = [], 0
    while at < len(words):
        for gram, kind in classes.items():
            if gram and tuple(words[at : at + len(gram)]) == gram:
                out += [_class_of(word, kind, general) for word in gram]
                at += len(gram)
                break
            owner = (*gram[:-1], f"{gram[-1]}'s") if gram else ()
            if kind == NAME and owner and tuple(words[at : at + len(gram)]) == owner:
                out += [_class_of(word, kind, general) for word in gram[:-1]]
                last = _class_of(gram[-1], OWNER, general)
                out.append(last if last == OWNER else owner[-1])
                at += len(gram)
                break
        else:
            out.append(words[at])
            at += 1
    return out


def _class_of(word: str, kind: str, general: General) -> str:
    return word if kind != TITLE and general.alone.get(word, 0) > _COMMON else kind


def spoken_words(text: str) -> list[str]:
    """A request as lower-case words, with numbers and times said: "at 2:30pm" is at two thirty p m."""
    text = (
        text.lower()
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        .replace("%", " percent ")
        .replace("&", " and ")
    )
    text = re.sub(r"[$€£]\s?([\d.,]*\d)", r"\1 dollars ", text)
    text = re.sub(r"(\d):00\b", r"\1", text)
    text = re.sub(r"(\d):0?(\d+)", r"\1 \2", text)
    text = re.sub(r"(\d)(st|nd|rd|th)\b", lambda m: m[0], text)
    text = re.sub(r"\b([ap])\.?m\b\.?|(?<=\d)([ap])\.?m\b\.?", lambda m: f" {m[1] or m[2]}m ", text)
    text = re.sub(r"\d+(?:st|nd|rd|th)\b", lambda m: f" {num2words(int(m[0][:-2]), to='ordinal')} ", text)
    text = re.sub(r"\d+(?:\.\d+)?", lambda m: f" {_number(m[0])} ", text)
    return re.findall(r"[a-z]+(?:'[a-z]+)*|'[a-z]+", text.replace("-", " "))


def _number(digits: str) -> str:
    value: Json = float(digits) if "." in digits else int(digits)
    if len(digits) > 4 or digits.startswith("0"):
        return " ".join(num2words(int(digit)) for digit in digits if digit != ".")
    return str(num2words(value)).replace(" and ", " ").replace(",", "")


class Counted:
    """An n-gram model with absolute discounting, interpolated down to the words' own frequencies."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self.counts: list[Counter[Gram]] = [Counter(), Counter(), Counter()]
        for text in texts:
            padded = [START, *text, END]
            for order in (1, 2, 3):
                for start in range(len(padded) - order + 1):
                    self.counts[order - 1][tuple(padded[start : start + order])] += 1
        del self.counts[0][(START,)]
        self._total = sum(self.counts[0].values())
        self._after: dict[Gram, tuple[int, int]] = {}
        follows: defaultdict[Gram, list[int]] = defaultdict(list)
        for counts in self.counts[1:]:
            for gram, count in counts.items():
                follows[gram[:-1]].append(count)
        self._after = {context: (sum(counts), len(counts)) for context, counts in follows.items()}

    def probability(self, gram: Gram) -> float:
        """P(last word | the words before it)."""
        if len(gram) == 1:
            return self.counts[0][gram] / self._total
        total, kinds = self._after.get(gram[:-1], (0, 0))
        lower = self.probability(gram[1:])
        if not total:
            return lower
        own = max(self.counts[len(gram) - 1][gram] - _DISCOUNT, 0.0) / total
        return own + _DISCOUNT * kinds / total * lower


def mixture(requests: Counted, general: General) -> list[dict[Gram, float]]:
    """The n-grams of the mixed model with their probabilities, by order."""
    usual = sorted(general.pronounced, key=lambda word: -general.alone[word])
    own = {word for (word,) in requests.counts[0]}
    words = {*usual[:_GENERAL_WORDS], *(own & general.pronounced), NAME, OWNER, TITLE, END}

    def mixed(gram: Gram) -> float:
        known = general.probability(gram) if gram[-1] not in (NAME, OWNER, TITLE) else 0.0
        return _REQUESTS * requests.probability(gram) + (1 - _REQUESTS) * known

    grams: list[dict[Gram, float]] = [{(word,): mixed((word,)) for word in words}, {}, {}]
    for order in (2, 3):
        for gram, count in requests.counts[order - 1].items():
            inside = all(word in words or word == START for word in gram[:-1]) and gram[-1] in words
            if inside and (order == 2 or count > 1):
                grams[order - 1][gram] = mixed(gram)
    for first in (START, *usual[:_PAIRED_WORDS]):
        for second in (*usual[:_PAIRED_WORDS], END):
            together, alone = general.probability((first, second)), general.alone[second]
            if general.alone[first] * together * math.log(together / alone) > _LEAST_GAIN:
                grams[1][(first, second)] = mixed((first, second))
    return grams


def arpa(grams: Sequence[dict[Gram, float]]) -> Iterator[str]:
    """The lines of an ARPA file: log10 probabilities, and the weights of backing off that make sums 1."""
    total = sum(grams[0].values())
    unigrams = {gram: value / total for gram, value in grams[0].items()}
    levels = [{**unigrams, (START,): 1e-99}, grams[1], grams[2]]
    weights = [_weights(levels[1], unigrams), _weights(levels[2], levels[1])]
    yield "\\data\\"
    yield from (f"ngram {order}={len(level)}" for order, level in enumerate(levels, 1))
    for order, level in enumerate(levels, 1):
        yield f"\n\\{order}-grams:"
        for gram, value in sorted(level.items()):
            line = f"{math.log10(value):.4f}\t{' '.join(gram)}"
            if order < 3:
                line += f"\t{math.log10(weights[order - 1].get(gram, 1.0)):.4f}"
            yield line
    yield "\n\\end\\"


def _weights(level: dict[Gram, float], lower: dict[Gram, float]) -> dict[Gram, float]:
    """By context: what is left for words that don't follow it here, over what these have one order lower."""
    kept: defaultdict[Gram, float] = defaultdict(float)
    below: defaultdict[Gram, float] = defaultdict(float)
    for gram, value in level.items():
        kept[gram[:-1]] += value
        below[gram[:-1]] += lower.get(gram[1:], 0.0)
    return {context: max(1 - value, 1e-4) / max(1 - below[context], 1e-4) for context, value in kept.items()}


def main(path: Path) -> None:
    """Write the model to `path`, gzipped."""
    general = General()
    corpus = load_corpus(Path(__file__).parent / "corpus")
    counted = Counted(list(sentences(corpus, general)))
    grams = mixture(counted, general)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write("\n".join(arpa(grams)).encode() + b"\n")
    print(f"{path}: {', '.join(f'{len(level):,}' for level in grams)} n-grams of 1, 2 and 3 words")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
