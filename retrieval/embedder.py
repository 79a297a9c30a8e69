"""Turns texts into unit vectors that lie close together when one serves the other."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

Vectors: TypeAlias = npt.NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights"
MAX_TOKENS = 64
"""Of a text; the rest is not read. Requests are read in parts, and tools begin with what tells most."""

_AT_ONCE = 16

_REMEMBERED = 32
"""Requests whose vectors are kept: planning asks for those that the search has made, and the next request for
those of the turn before."""


class Embedder(Protocol):
    """What makes vectors: the bundled encoder, or any sentence-transformers model."""

    fingerprint: str
    """Differs when the vectors would."""
    width: int

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, width)."""
        ...


class ModelFilesError(Exception):
    """The files of an embedding model are missing, or are not what they should be."""


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an npz file that comes with scrubjay. Raises ModelFilesError."""
    try:
        with np.load(path) as stored:
            return dict(stored)
    except (OSError, EOFError, ValueError, BadZipFile, zlib.error) as error:
        raise ModelFilesError(f"{path} cannot be used ({error}); install scrubjay again") from error


@cache
def bundled_embedder() -> OnnxEmbedder:
    """The encoder that comes with scrubjay, loaded once for all that use it. Raises ModelFilesError."""
    return OnnxEmbedder(WEIGHTS)


class OnnxEmbedder:
    """A folder with `encoder.onnx` (ids, mask → vectors) and `tokenizer.json`. Raises ModelFilesError.

    One thread: for texts this short, more of them cost more than they bring.
    """

    def __init__(self, folder: Path) -> None:
        # Here, since a program with few tools needs neither, and they take 0.1 s.
        import onnxruntime
        from tokenizers import Tokenizer

        model, tokenizer = folder / "encoder.onnx", folder / "tokenizer.json"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session: Any = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self.fingerprint = _fingerprint(model, tokenizer)
        except Exception as error:  # both libraries raise their own, and none is documented
            raise ModelFilesError(
                f"the embedding model in {folder} cannot be used ({error}); install scrubjay again, or make "
                "it with `python -m scrubjay.models.training.retriever export`"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self.width: int = self._session.get_outputs()[0].shape[1]
        self._remembered = lru_cache(_REMEMBERED)(self._read_once)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, width), not to be written to: those of few texts are given out again."""
        return self._remembered(tuple(texts)) if len(texts) <= _AT_ONCE else self._read(texts)

    def _read_once(self, texts: tuple[str, ...]) -> Vectors:
        vectors = self._read(texts)
        vectors.flags.writeable = False
        return vectors

    def _read(self, texts: Sequence[str]) -> Vectors:
        """Texts of like length are read together: little is padding."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        vectors = np.empty((len(ids), self.width), np.float32)
        for start in range(0, len(order), _AT_ONCE):
            places = order[start : start + _AT_ONCE]
            length = len(ids[places[-1]])
            padded = np.zeros((len(places), length), np.int64)
            mask = np.zeros((len(places), length), np.int64)
            for row, place in enumerate(places):
                padded[row, : len(ids[place])] = ids[place]
                mask[row, : len(ids[place])] = 1
            vectors[places] = self._session.run(None, {"ids": padded, "mask": mask})[0]
        return vectors


def _fingerprint(*files: Path) -> str:
    """Of what the files hold; they are not read whole, since their size counts in small machines' memory."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            hashlib.file_digest(content, lambda: digest)
    return digest.hexdigest()[:16]
