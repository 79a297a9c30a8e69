"""An engine on a bigger machine, behind OpenAI's chat completions: vLLM, llama-server, Ollama and others.

Everything that a prompt holds goes there, so nothing uses it that nobody asked for. Protocol:
https://platform.openai.com/docs/api-reference/chat/create
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
from llguidance import LLMatcher, LLTokenizer
from pydantic import BaseModel, ConfigDict, Field, field_validator

from .constrained import Constraint
from .conversation import Message, conversation
from .errors import RemoteError
from .metadata import Metadata
from .outbox import Chunk
from .prompt import Prompt

MOST_CORRECTIONS = 2
"""How often a model is told that a line is not allowed."""

_CONNECT_S = 10.0
_LONGEST_LINE = 100_000  # characters, of what a server sends and of a plan's line


class RemoteSettings(BaseModel):
    """Where a bigger machine is. url: up to and with `/v1`; it is shown in questions and messages, and holds
    no secret. key: sent as a bearer token; empty: none.

    patience_s: how long nothing may come.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(pattern="^https?://")
    model: str
    key: str = Field(default="", repr=False)
    patience_s: float = Field(default=120.0, gt=0)

    @field_validator("url")
    @classmethod
    def _public(cls, url: str) -> str:
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise ValueError("this is no address; write one like http://192.168.1.20:8000/v1") from None
        if not parsed.host or not 0 < (parsed.port or 80) < 2**16:
            raise ValueError("this is no address; write one like http://192.168.1.20:8000/v1")
        if parsed.userinfo or parsed.query or parsed.fragment:
            raise ValueError("an address with a name, a password or a query cannot be used; give a key")
        return url

    @field_validator("key")
    @classmethod
    def _sendable(cls, key: str) -> str:
        key = key.strip()  # a secret that was kept with the end of its line
        if not key.isascii() or not key.isprintable():
            raise ValueError("the key holds characters that no key can have; keep it anew, without them")
        return key


class OpenAIEngine:
    """Writes as `LlamaEngine` does, elsewhere. Close it; it may also be used with `async with`.

    Servers differ in the grammars that they take, so every finished line is held against the constraint
    here before it is passed on: what comes out is what `LlamaEngine` could have written, too.
    """

    def __init__(self, settings: RemoteSettings) -> None:
        """Nothing is sent before `generate` is called."""
        self.settings = settings
        self.metadata: Metadata = {"scrubjay.dialect": "plan", "scrubjay.special_tokens": "{}"}
        headers = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}
        timeout = httpx2.Timeout(settings.patience_s, connect=_CONNECT_S)
        self._client = httpx2.AsyncClient(headers=headers, timeout=timeout)

    @property
    def host(self) -> str:
        """The machine's name, for people."""
        return urlsplit(self.settings.url).netloc.rpartition("@")[2]

    async def generate(
        self, prompt: Prompt, *, constraint: Constraint | None = None, max_tokens: int = 512
    ) -> AsyncGenerator[Chunk, None]:
        """Write what follows `prompt`: whole lines that the constraint allows or, without one, text as it
        comes. Chunks know no probabilities, and count a piece that was sent as a token.

        A line that is not allowed is told the model, which then goes on from the line before.
        Raises `RemoteError`, or what the constraint raises. Closing the generator ends the connection.
        """
        messages = conversation(prompt)
        if constraint is None:
            async with aclosing(self._pieces(messages, max_tokens)) as pieces:
                async for piece in pieces:
                    yield Chunk(piece, tokens=1, forced=0, logprob=0.0)
            return
        lines = _CheckedLines(constraint)
        left = max_tokens
        for _ in range(1 + MOST_CORRECTIONS):
            refused = ""
            asked = [*messages, *lines.so_far()]
            async with aclosing(_whole_lines(self._pieces(asked, left))) as written:
                async for line, tokens in written:
                    left -= tokens
                    if lines.repeats(line):
                        continue
                    if not lines.take(line):
                        refused = line
                        break
                    yield Chunk(line, tokens, forced=0, logprob=0.0)
                    if lines.finished or left <= 0:
                        return
            if not refused and lines.take("done\n"):
                yield Chunk("done\n", tokens=1, forced=1, logprob=0.0)
                return
            lines.refused = refused
        wrong = f"writes what is no plan ({refused.strip()[:80]!r})" if refused else "ends in mid-plan"
        raise RemoteError(f"{self.settings.model} on {self.host} {wrong}; try another model there")

    async def _pieces(self, messages: list[Message], max_tokens: int) -> AsyncGenerator[str, None]:
        """The text as the server streams it."""
        body = {
            "model": self.settings.model,
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
        }
        url = f"{self.settings.url.rstrip('/')}/chat/completions"
        try:
            async with self._client.stream("POST", url, json=body) as response:
                if response.status_code != 200:
                    raise self._refusal(response.status_code, (await response.aread())[:2000])
                ended = False
                async for event in self._events(response.aiter_lines()):
                    ended = ended or event is None or _finish(event)
                    if event is not None and (piece := self._text(event)):
                        yield piece
                if not ended:
                    raise RemoteError(f"{self.host} broke off in the middle; try again")
        except httpx2.TimeoutException as error:
            raise RemoteError(
                f"{self.host} did not answer within {self.settings.patience_s:.0f} s; see whether it is"
                " running, or give it more patience_s"
            ) from error
        except httpx2.HTTPError as error:
            raise RemoteError(
                f"{self.host} cannot be reached, or broke off ({error}); see whether the server runs and"
                f" whether {url} is its address"
            ) from error

    async def _events(self, lines: AsyncIterator[str]) -> AsyncIterator[Any]:
        """The JSON of server-sent events; None for the one that ends them."""
        async for line in lines:
            if not line.startswith("data:") or len(line) > _LONGEST_LINE:
                continue
            data = line.removeprefix("data:").strip()
            if data == "[DONE]":
                yield None
                return
            try:
                yield json.loads(data)
            except ValueError as error:
                shown = self._without_key(data)[:80]
                raise RemoteError(f"{self.host} sends what is no JSON ({shown!r})") from error

    def _text(self, event: Any) -> str:
        if not isinstance(event, dict) or "error" in event:
            raise RemoteError(f"{self.host} failed: {self._said(event)}")
        try:
            choices = event.get("choices") or [{}]
            return str((choices[0].get("delta") or {}).get("content") or "")
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise RemoteError(
                f"{self.host} speaks another protocol ({self._without_key(event)[:80]}); its address"
                " should end in /v1"
            ) from error

    def _refusal(self, status: int, body: bytes) -> RemoteError:
        try:
            said = self._said(json.loads(body))
        except ValueError:
            said = self._without_key(body.decode("utf-8", "replace"))[:200]
        what = {
            401: "wants a key, or another one",
            403: "wants a key, or another one",
            404: f"has no model {self.settings.model!r}, or another address; it should end in /v1",
            413: "finds the request too long; offer fewer tools",
            429: "has too much to do; wait a moment",
        }.get(status, "failed; look into its log" if status >= 500 else "refuses the request")
        return RemoteError(f"{self.host} {what} ({status}: {said})")

    def _said(self, event: Any) -> str:
        """A server's own words about what went wrong."""
        error = event.get("error", event.get("message", event)) if isinstance(event, dict) else event
        return self._without_key(error.get("message", error) if isinstance(error, dict) else error)[:200]

    def _without_key(self, said: Any) -> str:
        """Some servers repeat a key that they refuse."""
        key = self.settings.key
        return str(said).replace(key, "(the key)") if key else str(said)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class _CheckedLines:
    """The lines that were allowed so far. refused: what came instead of the next one."""

    def __init__(self, constraint: Constraint) -> None:
        self.refused = ""
        self._constraint = constraint
        self._lines: list[str] = []
        self._repeated = 0
        self._tokenizer = LLTokenizer("byte")
        self._grammar = constraint.next_grammar("")

    @property
    def finished(self) -> bool:
        return self._grammar is None

    def take(self, line: str) -> bool:
        """Add a line if it is allowed now."""
        if self._grammar is None:
            return False
        matcher = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(self._grammar), log_level=0)
        if not matcher.consume_tokens(list(line.encode())) or not matcher.is_accepting():
            return False
        self._lines.append(line)
        self._repeated = len(self._lines)
        self._grammar = self._constraint.next_grammar("".join(self._lines))
        return True

    def repeats(self, line: str) -> bool:
        """Whether a model that was corrected begins again with what was allowed already."""
        if self._repeated < len(self._lines) and line == self._lines[self._repeated]:
            self._repeated += 1
            return True
        self._repeated = len(self._lines)
        return False

    def so_far(self) -> list[Message]:
        """What a model reads that is asked again: its text, and what was wrong with it."""
        self._repeated = 0
        if not self.refused and not self._lines:
            return []
        text = "".join(self._lines) + self.refused
        wrong = (
            f"The line `{self.refused.strip()}` is not allowed: write `$1 = tool(name=value)` with the tools"
            " above alone, their parameters in their order, and no other words."
            if self.refused
            else "The plan has no end."
        )
        next_line = f" Go on with line {len(self._lines) + 1}."
        return [{"role": "assistant", "content": text}, {"role": "user", "content": wrong + next_line}]


async def _whole_lines(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[tuple[str, int], None]:
    """Lines with their newline, and how many pieces each took; fences and empty lines are left out."""
    rest, tokens = "", 0
    async with aclosing(pieces):
        async for piece in pieces:
            rest, tokens = rest + piece, tokens + 1
            *lines, rest = rest.split("\n")
            for line in lines:
                if _says_something(line):
                    yield f"{line.strip()}\n", tokens
                    tokens = 0
            if len(rest) > _LONGEST_LINE:
                break
    if _says_something(rest):
        yield f"{rest.strip()}\n", tokens


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("```")


def _finish(event: Any) -> bool:
    choices = event.get("choices") if isinstance(event, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and bool(first.get("finish_reason"))
