"""Decoding under a plan's grammar without a model: a given text, or whatever chance picks."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from llguidance import LLMatcher, LLTokenizer

from scrubjay.agent.grammar import PlanGrammar

_ENDS = [b'"', b")", b"]", b"}", b",", b"\n"]


@cache
def byte_tokenizer() -> LLTokenizer:
    """One token a byte, token id = byte."""
    return LLTokenizer("byte")


@cache
def word_tokenizer(path: Path) -> LLTokenizer:
    """The tokenizer of a HF tokenizers JSON file; token 0 ends a text."""
    return LLTokenizer(str(path), eos_token=0)


def matcher_of(lark: str, tokenizer: LLTokenizer | None = None) -> LLMatcher:
    matcher = LLMatcher(tokenizer or byte_tokenizer(), lark, log_level=0)
    assert not matcher.is_error(), matcher.get_error()
    return matcher


def refused(grammar: PlanGrammar, text: str) -> str | None:
    """What the grammar refuses of `text`, a whole plan: the rest of a line; None when it admits all of it."""
    written = ""
    for line in text.split("\n")[:-1]:
        lark = grammar.next_grammar(written)
        if lark is None:
            return line
        matcher, data = matcher_of(lark), f"{line}\n".encode()
        taken = matcher.try_consume_tokens(list(data))
        if taken < len(data) or not matcher.is_accepting():
            return data[taken:].decode(errors="replace")
        written += f"{line}\n"
    return None if grammar.next_grammar(written) is None else "(the plan is not complete)"


def admits(grammar: PlanGrammar, text: str) -> bool:
    return refused(grammar, text) is None


def random_plan(
    grammar: PlanGrammar, seed: int, tokenizer: LLTokenizer | None = None, more_lines: float = 0.7
) -> str:
    """A plan that the grammar admits, token by token as chance has it, with a bias to come to an end."""
    chance, written = random.Random(seed), ""
    while (lark := grammar.next_grammar(written)) is not None:
        written += _random_line(
            matcher_of(lark, tokenizer), chance, tokenizer or byte_tokenizer(), more_lines
        )
    return written


def _random_line(matcher: LLMatcher, chance: random.Random, tokenizer: LLTokenizer, more_lines: float) -> str:
    texts, closing = _vocabulary(tokenizer)
    line = b""
    while not (line.endswith(b"\n") and matcher.is_accepting()):
        mask = int.from_bytes(matcher.compute_bitmask(), "little")
        allowed = [token for token in texts if mask >> token & 1]
        assert allowed, f"nothing may follow {line!r}"
        steps = [token for token in allowed if texts[token].startswith(b"$")] if not line else []
        ends = [token for token in allowed if token in closing]
        if steps and chance.random() < more_lines:
            allowed = steps
        elif ends and chance.random() < 0.15 + len(line) / 2000:
            allowed = ends
        token = chance.choice(allowed)
        assert matcher.consume_token(token), matcher.get_error()
        line += texts[token]
        assert len(line) < 100_000, "the line does not come to an end"
    return line.decode()


@cache
def _vocabulary(tokenizer: LLTokenizer) -> tuple[dict[int, bytes], frozenset[int]]:
    """What each token writes, special ones aside; and those that begin with something that ends a value."""
    texts = {
        token: tokenizer.decode_bytes([token])
        for token in range(tokenizer.vocab_size)
        if not tokenizer.is_special_token(token)
    }
    return texts, frozenset(token for token, text in texts.items() if text[:1] in _ENDS)
