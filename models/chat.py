"""Lays a prompt out for a model that others made: as a conversation in its own chat template, then as tokens.

What people, tools and files say can never become one of the model's special tokens: where a text spells one
out, an invisible mark is set inside before the template sees it, and the text is cut there afterwards.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from .chat_template import ChatTemplate
from .errors import TemplateError
from .foreign import PLAN, chat_template_in
from .metadata import Metadata
from .prompt import Prompt, Segment, SegmentKind
from .tool_edges import EDGE, tool_edges, with_edges
from .vocabulary import Vocabulary

_MARK = "\ufdd0"  # no character: no text should have it

_OTHERWISE = "load it with the dialect 'plain'"
_NOTHING = f"the model's chat template writes nothing; {_OTHERWISE}"

_CALL_ID = "call{:05d}"  # Mistral's templates want nine letters and digits


class ChatLayout:
    """Turns prompts into tokens for one model and dialect.

    In the dialect `plan` a tool segment is a line of text and a turn's plan is what the model wrote; in the
    native ones a tool segment is the JSON of `{"type": "function", "function": {...}}` and a turn's parts are
    the request, the JSON list of `{"name", "arguments"}` and the JSON list of results.
    """

    def __init__(self, metadata: Metadata, vocabulary: Vocabulary, dialect: str) -> None:
        """The file must have a chat template. Raises `TemplateError` when that is broken."""
        source = chat_template_in(metadata)
        if source is None:
            raise TemplateError("the model's file has no chat template; load it with the dialect 'plain'")
        self._vocabulary = vocabulary
        self._native = dialect not in (PLAN, "tinyagent")
        self._template = ChatTemplate(source, vocabulary.text_of("bos"), vocabulary.text_of("eos"))
        self._special = vocabulary.special_tokens()
        names = sorted(map(re.escape, self._special), key=len, reverse=True)
        self._pattern = re.compile("|".join(names) or r"(?!)")
        self._fragment = lru_cache(maxsize=4096)(self._tokenize_fragment)

    def tokens(self, prompt: Prompt) -> tuple[int, ...]:
        """The prompt's tokens, one at least. Raises `TemplateError` when the template takes it in no form,
        or leaves the request out."""
        return self._tokens(self.text(prompt))

    def apart(self, prompt: Prompt) -> list[tuple[int, ...]]:
        """The same tokens in pieces: what stands before the tools, each tool, and what comes after them. One
        piece where there are no tools or the template does not show where they stand. Raises as `tokens`."""
        text = self.text(prompt)
        tokens = self._tokens(text)
        marked = self.text(prompt, edges=True)
        edges = tool_edges(marked, len(prompt.of_kind(SegmentKind.TOOL)))
        if marked.replace(EDGE, "") != text:
            return [tokens]
        cuts = [self._first_after(tokens, list(self.tokenize(text[:edge]))) for edge in edges]
        return [tokens[start:end] for start, end in pairwise([0, *cuts, len(tokens)])]

    def text(self, prompt: Prompt, edges: bool = False) -> str:
        """The prompt as the template writes it, with marks; with `edges` also around tools. Raises as
        `tokens`.

        Some templates know no system role, no tool messages, or no more than one call a message: simpler
        forms of the same conversation are tried in turn.
        """
        tools = self._tools(prompt, edges) if self._native else None
        refused: TemplateError | None = None
        for messages in self._forms(prompt, edges):
            try:
                text = self._template.render(messages, tools, enable_thinking=False)
                self._check(text, messages, tools)
                return text
            except TemplateError as error:
                refused = error
        assert refused is not None
        raise refused

    def _check(self, text: str, messages: list[dict[str, Any]], tools: list[Any] | None) -> None:
        """Raises `TemplateError` where a rendered text says nothing of the request, which is in the last
        message."""
        if not text:
            raise TemplateError(_NOTHING)
        *before, last = messages
        if last["content"].strip() in text:
            return
        # A template may write texts in another way, as JSON for instance.
        other = {**last, "content": f"x{last['content']}"}
        if self._template.render([*before, other], tools, enable_thinking=False) == text:
            raise TemplateError(f"the model's chat template leaves the request out; {_OTHERWISE}")

    def _tokens(self, text: str) -> tuple[int, ...]:
        tokens = tuple(self.tokenize(text))
        if not tokens:
            raise TemplateError(_NOTHING)
        return tokens

    def tokenize(self, text: str) -> Iterator[int]:
        """Tokens of a rendered conversation; special tokens that were not marked are themselves."""
        position = 0
        strip = False
        for found in [*self._pattern.finditer(text), None]:
            fragment = text[position : found.start() if found else len(text)]
            token = self._special[found[0]] if found else None
            if strip:
                fragment = fragment.lstrip()
            if token is not None and self._vocabulary.strips_before(token):
                fragment = fragment.rstrip()
            yield from self._fragment(fragment)
            if found and token is not None:
                yield token
                position, strip = found.end(), self._vocabulary.strips_after(token)

    def _tokenize_fragment(self, fragment: str) -> tuple[int, ...]:
        pieces = fragment.split(_MARK)
        return tuple(token for piece in pieces if piece for token in self._vocabulary.tokenize(piece))

    def _first_after(self, tokens: Sequence[int], before: Sequence[int]) -> int:
        """Which of a text's tokens is the first one after its beginning, whose own tokens are `before`. A
        token that the beginning ends within belongs to it."""
        pairs = enumerate(zip(tokens, before, strict=False))
        first = next((place for place, (one, other) in pairs if one != other), len(before))
        left = sum(len(self._vocabulary.piece(token)) for token in before[first:])
        while left > 0 and first < len(tokens):
            left -= len(self._vocabulary.piece(tokens[first]))
            first += 1
        return first

    def _forms(self, prompt: Prompt, edges: bool) -> Iterator[list[dict[str, Any]]]:
        """The conversation as messages, from the form that tells most to the plainest."""
        if self._native:
            yield self._messages(prompt, edges, calls="together")
            yield self._messages(prompt, edges, calls="one by one")
        messages = self._messages(prompt, edges, calls="text")
        yield messages
        if messages[0]["role"] == "system":
            first, second, *rest = messages
            yield [{"role": "user", "content": f"{first['content']}\n\n{second['content']}"}, *rest]

    def _messages(self, prompt: Prompt, edges: bool, calls: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        if system := self._system(prompt, edges):
            messages.append({"role": "system", "content": system})
        told = ""  # results that only the next message can tell
        for turn in prompt.of_kind(SegmentKind.TURN):
            query, plan, results = map(self._guard, turn.parts)
            messages.append({"role": "user", "content": told + query})
            if not self._native or calls == "text":
                messages.append({"role": "assistant", "content": plan})
                told = f"Results:\n{results}\n\n" if results else ""
            else:
                messages += _call_messages(plan, results, together=calls == "together")
        facts = [self._guard(part) for segment in prompt.of_kind(SegmentKind.FACTS) for part in segment.parts]
        (request,) = prompt.of_kind(SegmentKind.REQUEST)
        now = f"Now: {' '.join(facts)}\n" if facts else ""
        messages.append({"role": "user", "content": told + now + self._guard("".join(request.parts))})
        return messages

    def _system(self, prompt: Prompt, edges: bool) -> str:
        parts = [part for segment in prompt.of_kind(SegmentKind.SYSTEM) for part in segment.parts]
        if not self._native and (tools := prompt.of_kind(SegmentKind.TOOL)):
            texts = [self._guard(_text(tool)) for tool in tools]
            parts.append("Tools:\n" + "\n".join(map(with_edges, texts) if edges else texts))
        return "\n\n".join(parts)

    def _tools(self, prompt: Prompt, edges: bool) -> list[Any] | None:
        tools = [self._guarded(json.loads(_text(tool))) for tool in prompt.of_kind(SegmentKind.TOOL)]
        if edges:
            tools = [{**tool, "function": with_edges(tool["function"])} for tool in tools]
        return tools or None

    def _guard(self, text: str) -> str:
        """`text` with a mark inside everything that spells a special token."""
        text = text.replace(_MARK, "").replace(EDGE, "")
        return self._pattern.sub(lambda found: found[0][0] + _MARK + found[0][1:], text)

    def _guarded(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._guard(value)
        if isinstance(value, Mapping):
            return {self._guard(name): self._guarded(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._guarded(item) for item in value]
        return value


def _call_messages(plan: str, results: str, together: bool) -> list[dict[str, Any]]:
    """The calls of a turn and their results, as the assistant's and the tools' messages."""
    calls: Sequence[Mapping[str, Any]] = json.loads(plan)
    if not calls:
        return [{"role": "assistant", "content": "none"}]
    told: Sequence[Any] = json.loads(results) if results else []
    asked: list[dict[str, Any]] = [
        {"id": _CALL_ID.format(number), "type": "function", "function": dict(call)}
        for number, call in enumerate(calls)
    ]
    answers = [
        {
            "role": "tool",
            "name": call["function"]["name"],
            "tool_call_id": call["id"],
            "content": result if isinstance(result, str) else json.dumps(result, ensure_ascii=False),
        }
        for call, result in zip(asked, told, strict=False)
    ]
    if together:
        return [{"role": "assistant", "content": "", "tool_calls": asked}, *answers]
    pairs = [
        [{"role": "assistant", "content": "", "tool_calls": [call]}, *answers[number : number + 1]]
        for number, call in enumerate(asked)
    ]
    return [message for pair in pairs for message in pair]


def _text(segment: Segment) -> str:
    return "".join(segment.parts)
