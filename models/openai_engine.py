"""An engine on a bigger machine, behind OpenAI's chat completions: vLLM, llama-server, Ollama and others.

Everything that a prompt holds goes there, so nothing uses it that nobody asked for. Protocol:
https://platform.openai.com/docs/api-reference/chat/create
"""

import json
from collections.abc import AsyncGenerator
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
from .openai_stream import Allowance, LineTooLong, lines_of, start_of, written_lines
from .outbox import Chunk
from .prompt import Prompt

MOST_CORRECTIONS = 2
"""How often a model is told that a line is not allowed."""

_CONNECT_S = 10.0


class RemoteSettings(BaseModel):
    """Where a bigger machine is. url: up to and with `/v1`; it is shown in questions and messages, and holds
    no secret. key: sent as a bearer token; empty: none.

    patience_s: how long nothing may come. longest_s: how long a whole answer may be waited for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(pattern="^https?://")
    model: str
    key: str = Field(default="", repr=False)
    patience_s: float = Field(default=120.0, gt=0)
    longest_s: float = Field(default=600.0, gt=0)

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
        headers = {"Accept-Encoding": "identity"}  # what is packed may be any size
        if settings.key:
            headers["Authorization"] = f"Bearer {settings.key}"
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
        allowance = Allowance(max_tokens, self.settings.longest_s)
        if constraint is None:
            async with aclosing(self._pieces(messages, allowance)) as pieces:
                async for piece in pieces:
                    yield Chunk(piece, tokens=1, forced=0, logprob=0.0)
            return
        lines = _CheckedLines(constraint)
        told = 0
        for _ in range(1 + MOST_CORRECTIONS):
            refused = ""
            asked = [*messages, *lines.so_far()]
            async with aclosing(written_lines(self._pieces(asked, allowance))) as written:
                async for line, tokens in written:
                    if lines.repeats(line):
                        continue
                    if not lines.take(line):
                        refused = line
                        break
                    told += tokens
                    yield Chunk(line, tokens, forced=0, logprob=0.0)
                    if lines.finished:
                        return
            lines.refused = refused
            if allowance.pieces <= 0:
                break
            if not refused and lines.take("done\n"):
                yield Chunk("done\n", tokens=1, forced=1, logprob=0.0)
                return
        if told and allowance.pieces <= 0:  # whoever reads the plan tells that it has no end
            yield Chunk("", max_tokens - told, forced=0, logprob=0.0)
            return
        wrong = f"writes what is no plan ({refused.strip()[:80]!r})" if refused else "ends in mid-plan"
        raise RemoteError(f"{self.settings.model} on {self.host} {wrong}; try another model there")

    async def _pieces(self, messages: list[Message], allowance: Allowance) -> AsyncGenerator[str, None]:
        """The text as the server streams it, as much as is allowed."""
        body = {
            "model": self.settings.model,
            "messages": messages,
            "max_tokens": allowance.pieces,
            "temperature": 0,
            "stream": True,
        }
        url = f"{self.settings.url.rstrip('/')}/chat/completions"
        request = self._client.build_request("POST", url, json=body)
        try:
            response = await allowance.wait(lambda: self._client.send(request, stream=True))
            async with aclosing(response), aclosing(self._pieces_of(response, allowance)) as pieces:
                async for piece in pieces:
                    allowance.pieces -= 1
                    yield piece
                    if allowance.pieces <= 0:
                        return
        except TimeoutError as error:
            raise RemoteError(
                f"{self.host} has not ended its answer within {self.settings.longest_s:.0f} s; try a faster"
                " model there, or give it more longest_s"
            ) from error
        except LineTooLong as error:
            raise RemoteError(
                f"{self.host} speaks another protocol; its address should end in /v1"
            ) from error
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

    async def _pieces_of(self, response: httpx2.Response, allowance: Allowance) -> AsyncGenerator[str, None]:
        """The pieces of one response. Raises `RemoteError`, and what reading raises."""
        data = response.aiter_raw()
        if response.status_code != 200:
            raise self._refusal(response.status_code, await allowance.wait(lambda: start_of(data)))
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise RemoteError(f"{self.host} packs its answer, unasked; turn compression off there")
        ended = False
        async with aclosing(allowance.each(lines_of(data))) as lines:
            async for line in lines:
                if not line.startswith(b"data:"):
                    continue
                event = self._event(line.removeprefix(b"data:").strip())
                ended = ended or event is None or _finish(event)
                if event is None:
                    break
                if piece := self._text(event):
                    yield piece
        if not ended:
            raise RemoteError(f"{self.host} broke off in the middle; try again")

    def _event(self, data: bytes) -> Any:
        """The JSON of a server-sent event; None for the one that ends them."""
        if data == b"[DONE]":
            return None
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            shown = self._without_key(data.decode("utf-8", "replace"))[:80]
            raise RemoteError(f"{self.host} sends what is no JSON ({shown!r})") from error

    def _text(self, event: Any) -> str:
        if not isinstance(event, dict) or "error" in event:
            raise RemoteError(f"{self.host} failed: {self._said(event)}")
        try:
            choices = event.get("choices") or [{}]
            text = str((choices[0].get("delta") or {}).get("content") or "")
            return text.encode("utf-8", "replace").decode()  # JSON may hold halves of characters
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise RemoteError(
                f"{self.host} speaks another protocol ({self._without_key(event)[:80]}); its address"
                " should end in /v1"
            ) from error

    def _refusal(self, status: int, body: bytes) -> RemoteError:
        try:
            said = self._said(json.loads(body))
        except (ValueError, RecursionError):
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


def _finish(event: Any) -> bool:
    choices = event.get("choices") if isinstance(event, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and bool(first.get("finish_reason"))
