"""Says where in a request the value of each parameter of a tool stands: an encoder that knows much English.

A planner of ten million parameters learns from its corpus what to copy for the tools that it knows; for one
that it has never seen it takes words from the wrong place. The pointer reads the request and the tool
together, as readers of passages find answers (SQuAD 2.0, arXiv 1806.03822): all-MiniLM-L6-v2, trained to
point at the first and the last word of each value, or to say that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import ModelFileError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WEIGHTS = Path(__file__).parent / "weights"
MOST_PARAMETERS = 12
"""Of a tool; what comes after them is left to the planner."""
REQUEST_TOKENS, TOOL_TOKENS, PARAMETER_TOKENS = 200, 32, 20
"""A longer request is left to the planner; of longer descriptions the beginning is read."""
MOST_SPANS = 24
"""Of a parameter, the likeliest first."""
_MOST_WORDS = 32
"""Tokens of a span."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def words_of(name: str) -> str:
    """`getUserName`, `get_user_name`: "get user name"."""
    return " ".join(_WORDS.findall(name)).lower()


def tool_words(tool: Mapping[str, Any]) -> str:
    """A tool as the pointer reads it."""
    return f"{words_of(tool['name'])}: {tool.get('description', '')}".rstrip(": ")


def parameter_text(name: str, schema: Mapping[str, Any], required: bool) -> str:
    """A parameter as the pointer reads it."""
    said = [words_of(name) if required else f"{words_of(name)} (optional)"]
    if described := schema.get("description"):
        said.append(str(described))
    if choices := schema.get("enum"):
        said.append(", ".join(map(str, choices[:6])))
    kind = schema.get("type")
    if kind not in ("string", None):
        said.append(str(kind))
    return ": ".join(said)


@dataclass(frozen=True, slots=True)
class Pointed:
    """Logarithms of how probable each answer is: that an argument is left out, that its value is no span of
    the request, and of each of the likeliest spans, as text."""

    absent: float
    elsewhere: float
    spans: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Pointing:
    """What the pointer says of a tool's first MOST_PARAMETERS parameters, in their order."""

    parameters: tuple[Pointed, ...]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What the pointer reads: `[CLS] request [SEP] tool [MASK] parameter [MASK] parameter ... [SEP]`.

    ids: of all tokens. parameters: where the [MASK]s are. offsets: first character and end of each of the
    request's tokens, which stand from place 1 on.
    """

    ids: list[int]
    parameters: list[int]
    offsets: list[tuple[int, int]]


class PointerTokens:
    """Texts to what the pointer reads, in training and at run time. Takes the tokenizer for itself."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        marks = tokenizer.encode("[CLS][SEP][MASK]", add_special_tokens=False)
        self._cls, self._sep, self._mask = marks.ids
        tokenizer.encode_special_tokens = True  # "[MASK]" in a request is text like any other

    def lay_out(self, request: str, tool: str, parameters: Sequence[str]) -> LaidOut | None:
        """None for a request that is empty or too long."""
        read, about, *asked = self._tokenizer.encode_batch(
            [request, tool, *parameters], add_special_tokens=False
        )
        if not 0 < len(read.ids) <= REQUEST_TOKENS:
            return None
        ids = [self._cls, *read.ids, self._sep, *about.ids[:TOOL_TOKENS]]
        places = []
        for parameter in asked:
            places.append(len(ids))
            ids += [self._mask, *parameter.ids[:PARAMETER_TOKENS]]
        return LaidOut([*ids, self._sep], places, read.offsets)


@cache
def bundled_pointer() -> OnnxPointer:
    """The pointer that comes with scrubjay, loaded once for all that use it. Raises ModelFileError."""
    return OnnxPointer(WEIGHTS)


def bundled_point(request: str, schema: Mapping[str, Any]) -> Pointing | None:
    """`OnnxPointer.point` of the pointer that comes with scrubjay. Raises ModelFileError."""
    return bundled_pointer().point(request, schema)


class OnnxPointer:
    """A folder with `pointer.onnx`, its words and its tokenizer; one thread. Raises ModelFileError."""

    def __init__(self, folder: Path) -> None:
        # Here, since a program whose tools the planner knows needs neither.
        import onnxruntime
        from tokenizers import Tokenizer

        model, tokenizer = folder / "pointer.onnx", folder / "pointer-tokenizer.json"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session: Any = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
            self._tokens = PointerTokens(Tokenizer.from_file(str(tokenizer)))
            # Only the rows that are needed get into memory.
            self._table = np.load(folder / "pointer-words.npy", mmap_mode="r")
            self._scale = np.load(folder / "pointer-scale.npy", mmap_mode="r")
        except Exception as error:  # both libraries raise their own, and none is documented
            raise ModelFileError(
                model,
                f"it cannot be used ({error})",
                "the pointer that comes with scrubjay; install it again",
            ) from error

    def point(self, request: str, schema: Mapping[str, Any]) -> Pointing | None:
        """Where the request has the values for a tool's parameters; None for a request that is too long.

        schema: `{"name", "description", "parameters"}`, as `Tool.schema()` gives it.
        """
        parameters = schema["parameters"]
        required = set(parameters.get("required", ()))
        shown = list(parameters.get("properties", {}).items())[:MOST_PARAMETERS]
        texts = [parameter_text(name, spec, name in required) for name, spec in shown]
        read = self._tokens.lay_out(request, tool_words(schema), texts)
        if read is None:
            return None
        ids, places = read.ids, read.parameters
        nowhere, first, last = self._session.run(
            None,
            {
                "words": (self._table[ids] * self._scale[ids].astype(np.float32)[:, None])[None],
                "mask": np.ones((1, len(ids)), np.int64),
                "parameters": np.array([places or [0]], np.int64),
            },
        )
        words = slice(1, 1 + len(read.offsets))
        return Pointing(
            tuple(
                _pointed(request, read.offsets, nowhere[0, n], first[0, n, words], last[0, n, words])
                for n in range(len(places))
            ),
        )


def _pointed(
    request: str,
    offsets: Sequence[tuple[int, int]],
    nowhere: NDArray[np.float32],
    first: NDArray[np.float32],
    last: NDArray[np.float32],
) -> Pointed:
    begins = _log_softmax(np.concatenate([nowhere, first]))
    absent, elsewhere = float(begins[0]), float(begins[1])
    found: dict[str, float] = {}
    for start in np.argsort(-begins[2:])[:8].tolist():
        ends = _log_softmax(last[start : start + _MOST_WORDS])
        for length in np.argsort(-ends)[:6].tolist():
            text = request[offsets[start][0] : offsets[start + length][1]]
            found[text] = float(np.logaddexp(found.get(text, -np.inf), begins[2 + start] + ends[length]))
    likeliest = sorted(found.items(), key=lambda item: -item[1])[:MOST_SPANS]
    return Pointed(absent, elsewhere, tuple(likeliest))


def _log_softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = values - values.max()
    normal: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum())
    return normal
