"""A model's vocabulary: text to tokens and back."""

import ctypes
import re
import threading
import warnings
from typing import Any, Literal

import llama_cpp
from llguidance import LLTokenizer
from llguidance.llamacpp import lltokenizer_from_vocab

from .errors import EngineClosedError
from .library import Model

_PIECE_BYTES = 16 * 1024
_SPECIAL = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
_MARKER = re.compile("tool_call|TOOL_CALLS|END_OF_PLAN")

# llguidance asks llama_cpp in a way that warns once for every token of the vocabulary.
warnings.filterwarnings("ignore", "llama_token_get_attr is deprecated", DeprecationWarning)


class Vocabulary:
    """Tokens of one loaded model. May be used from any thread; once its engine is closed it raises
    `EngineClosedError`."""

    def __init__(self, model: Model) -> None:
        self._pointer = model.vocabulary
        self._lock = threading.Lock()  # the model must not be freed under another thread's call
        self._grammar_tokenizer: LLTokenizer | None = None
        self._special: dict[str, int] | None = None
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        self._controls: tuple[int, ...] | None = None
        self.size = int(llama_cpp.llama_vocab_n_tokens(self._pointer))

    def tokenize(self, text: str) -> list[int]:
        """The tokens of `text` and nothing else: text that looks like a special token is spelled out."""
        return self._tokenize(text, special=False)

    def special(self, name: str) -> int | None:
        """The id of the special token called `name`, such as `<|plan|>`, if the vocabulary has it."""
        token = self.single(name)
        return token if token is not None and self._is_control(token) else None

    def single(self, name: str) -> int | None:
        """The id of `name` where it is one token, special or not."""
        tokens = self._tokenize(name, special=True)
        return tokens[0] if len(tokens) == 1 else None

    def controls(self) -> tuple[int, ...]:
        """The ids of all special tokens."""
        if self._controls is None:
            self._controls = tuple(token for token in range(self.size) if self._is_control(token))
        return self._controls

    def special_tokens(self) -> dict[str, int]:
        """The special tokens by their text: control tokens, and what else looks like one (`<tool_call>`)."""
        if self._special is None:
            self._special = {}
            for token in range(self.size):
                attributes = llama_cpp.llama_vocab_get_attr(self._open(), token)
                if attributes & _SPECIAL and (text := self._text(token)):
                    looks = text.startswith("<") and text.endswith(">")
                    if looks or attributes & llama_cpp.LLAMA_TOKEN_ATTR_CONTROL:
                        self._special[text] = token
        return self._special

    def markers(self) -> dict[str, int]:
        """The special tokens that tool-call formats are made of; an end of the text is none of them."""
        known = self.special_tokens().items()
        return {text: token for text, token in known if _MARKER.search(text) and not self.ends(token)}

    def text_of(self, role: Literal["bos", "eos"]) -> str:
        """The text of the token for the beginning or the end, as chat templates write it."""
        find = llama_cpp.llama_vocab_bos if role == "bos" else llama_cpp.llama_vocab_eos
        token = int(find(self._open()))
        return "" if token < 0 else self._text(token)

    def strips_before(self, token: int) -> bool:
        """Whether white space before a special token belongs to it."""
        return bool(llama_cpp.llama_vocab_get_attr(self._open(), token) & llama_cpp.LLAMA_TOKEN_ATTR_LSTRIP)

    def strips_after(self, token: int) -> bool:
        """Whether white space after a special token belongs to it."""
        return bool(llama_cpp.llama_vocab_get_attr(self._open(), token) & llama_cpp.LLAMA_TOKEN_ATTR_RSTRIP)

    @property
    def spells_bytes(self) -> bool:
        """Whether the pieces of a text's tokens are that text, byte for byte, and so its only tokens."""
        return bool(llama_cpp.llama_vocab_type(self._open()) == llama_cpp.LLAMA_VOCAB_TYPE_BPE)

    def beginning(self) -> list[int]:
        """What the model wants before everything else: its BOS token or nothing."""
        if llama_cpp.llama_vocab_get_add_bos(self._pointer):
            return [int(llama_cpp.llama_vocab_bos(self._pointer))]
        return []

    def piece(self, token: int) -> bytes:
        """The bytes that `token` writes; often part of a character only, none for a special token."""
        piece = self._pieces.get(token)
        if piece is None:
            buffer = ctypes.create_string_buffer(_PIECE_BYTES)
            size = llama_cpp.llama_token_to_piece(self._open(), token, buffer, _PIECE_BYTES, 0, False)
            piece = self._pieces[token] = buffer.raw[: max(size, 0)]
        return piece

    def ends(self, token: int) -> bool:
        """Whether `token` ends what is being written."""
        end = self._ends.get(token)
        if end is None:
            end = self._ends[token] = bool(llama_cpp.llama_vocab_is_eog(self._open(), token))
        return end

    def grammar_tokenizer(self) -> LLTokenizer:
        """What llguidance knows of this vocabulary; made once, which takes 1 s for 150,000 tokens."""
        with self._lock:
            if self._grammar_tokenizer is None:
                tokens = self.special_tokens().values()
                ends = [token for token in tokens if llama_cpp.llama_vocab_is_eog(self._open(), token)]
                self._grammar_tokenizer = lltokenizer_from_vocab(self._open(), eos_token=ends or None)
            return self._grammar_tokenizer

    def close(self) -> None:
        """Forget the model, which is about to be freed."""
        with self._lock:
            self._pointer = None

    def _tokenize(self, text: str, special: bool) -> list[int]:
        data = text.encode(errors="replace")
        room = len(data) + 1
        tokens = (llama_cpp.llama_token * room)()
        with self._lock:
            count = llama_cpp.llama_tokenize(self._open(), data, len(data), tokens, room, False, special)
        return tokens[:count]

    def _text(self, token: int) -> str:
        text: bytes = llama_cpp.llama_vocab_get_text(self._open(), token)
        return text.decode(errors="replace")

    def _is_control(self, token: int) -> bool:
        attributes = llama_cpp.llama_vocab_get_attr(self._open(), token)
        return bool(attributes & llama_cpp.LLAMA_TOKEN_ATTR_CONTROL)

    def _open(self) -> Any:
        if self._pointer is None:
            raise EngineClosedError("this vocabulary's engine is closed; load the model again")
        return self._pointer
