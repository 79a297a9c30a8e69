"""What a server streams, read within limits: it may be broken, or hostile, and never end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

LONGEST_LINE = 100_000
"""Bytes of a line that a server sends, and characters of one that is written."""
LONGEST_REFUSAL = 2_000
"""Bytes that are read of what a server says where it refuses."""

T = TypeVar("T")


class LineTooLong(Exception):
    """More than LONGEST_LINE bytes came without the end of a line."""


class Allowance:
    """What is left of what one answer may take.

    pieces: of text. seconds: of waiting for the server; what the reader does meanwhile doesn't count.
    """

    def __init__(self, pieces: int, seconds: float) -> None:
        self.pieces = pieces
        self.seconds = seconds

    async def wait(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`. Raises TimeoutError when the seconds are over, else what it raises."""
        if self.seconds <= 0:
            raise TimeoutError
        start = time.monotonic()
        try:
            async with asyncio.timeout(self.seconds):
                return await work()
        finally:
            self.seconds -= time.monotonic() - start

    async def each(self, items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """The same items, as long as waiting for them is allowed. Raises TimeoutError."""
        async with aclosing(items):
            while True:
                try:
                    item = await self.wait(lambda: anext(items))
                except StopAsyncIteration:
                    return
                yield item


async def start_of(data: AsyncIterator[bytes]) -> bytes:
    """The first LONGEST_REFUSAL bytes."""
    start = b""
    async for part in data:
        start += part[: LONGEST_REFUSAL - len(start)]
        if len(start) >= LONGEST_REFUSAL:
            break
    return start


async def lines_of(data: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Lines, without white space around them. Raises `LineTooLong`."""
    rest = b""
    async for part in data:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line.strip()
        if len(rest) > LONGEST_LINE:
            raise LineTooLong
    if rest:
        yield rest.strip()


async def written_lines(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[tuple[str, int], None]:
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
            if len(rest) > LONGEST_LINE:
                break
    if _says_something(rest):
        yield f"{rest.strip()}\n", tokens


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("```")
