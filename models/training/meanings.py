"""Synonyms from the encoder of retrieval, added to token embeddings: what a small corpus can't teach.

The planner's corpus is too small to learn that "launch" and "take off" are near; the encoder was trained on
a billion pairs of sentences. Each word of the vocabulary gets its sentence vector, reduced to the planner's
width by principal components and turned at random, on top of its embedding; training learns to read it.
"""

from __future__ import annotations

import torch

from ...retrieval.embedder import Embedder
from .tokenizer import Encoder

SHARE = 0.6
"""Mean length of what is added, relative to that of the embeddings."""


def add_meanings(embedding: torch.Tensor, encoder: Encoder, embedder: Embedder) -> int:
    """Change `embedding` [vocabulary, width] in place; returns how many tokens are words."""
    width = embedding.shape[1]
    words = dict(_words(encoder))
    distinct = sorted(set(words.values()))
    vectors = torch.from_numpy(embedder.embed(distinct))
    vectors = vectors - vectors.mean(0)
    _, _, components = torch.linalg.svd(vectors, full_matrices=False)
    generator = torch.Generator().manual_seed(0)
    turn, _ = torch.linalg.qr(torch.randn(width, width, generator=generator))
    reduced = vectors @ components[:width].T @ turn
    row_of = {word: reduced[i] for i, word in enumerate(distinct)}
    tokens = list(words)
    added = torch.stack([row_of[words[token]] for token in tokens])
    added *= SHARE * embedding[tokens].norm(dim=1).mean() / added.norm(dim=1).mean()
    embedding[tokens] += added
    return len(tokens)


def _words(encoder: Encoder) -> list[tuple[int, str]]:
    """(token, word in lower case): tokens that begin a word, and whole words without a space before them."""
    texts = [encoder.text(token) for token in range(encoder.size)]
    spaced = {text[1:].lower() for text in texts if text.startswith(" ") and _is_word(text[1:])}
    found = []
    for token, text in enumerate(texts):
        word = text.removeprefix(" ").lower()
        if _is_word(word) and (text.startswith(" ") or word in spaced):
            found.append((token, word))
    return found


def _is_word(text: str) -> bool:
    return len(text) > 2 and text.isalpha()
