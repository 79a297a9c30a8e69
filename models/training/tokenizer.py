"""The planner's vocabulary: byte-level BPE trained on requests, plans and tool texts.

The split before merging is Qwen2's (single digits, a word with its leading space or underscore), because
llama.cpp knows it by name (`tokenizer.ggml.pre = "qwen2"`) and so splits text exactly as training did.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from ..dialects import SPECIAL_TOKENS

# From the Qwen2 tokenizer; llama.cpp's LLAMA_VOCAB_PRE_TYPE_QWEN2 uses the same expression.
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learn a BPE vocabulary of `vocabulary` entries, special tokens first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


class Encoder:
    """Text to token ids with special tokens out of reach of the text itself."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        # So that "<|plan|>" in a text is read as characters, as llama.cpp does with parse_special off.
        tokenizer.encode_special_tokens = True
        self.tokenizer = tokenizer
        self.special: dict[str, int] = {token: tokenizer.token_to_id(token) or 0 for token in SPECIAL_TOKENS}
        self._cache: dict[str, list[int]] = {}

    @classmethod
    def load(cls, path: Path) -> Encoder:
        """Read a `tokenizer.json`."""
        return cls(Tokenizer.from_file(str(path)))

    def __call__(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def cached(self, text: str) -> list[int]:
        """The same, remembered: for the few thousand texts (tools) that come again and again."""
        ids = self._cache.get(text)
        if ids is None:
            if len(self._cache) > 100_000:
                self._cache.clear()
            ids = self._cache[text] = self(text)
        return ids

    def text(self, token: int) -> str:
        """What a token stands for; bytes that are no whole characters are replaced."""
        text: str = self.tokenizer.decode([token], skip_special_tokens=False)
        return text

    @property
    def size(self) -> int:
        """Entries in the vocabulary."""
        size: int = self.tokenizer.get_vocab_size()
        return size
