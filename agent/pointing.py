"""The pointer beside the planner: it reads the request for tools that the planner was not trained on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ..models.pointer import Pointing
from ..models.preference import Beginnings, Weights
from .argument_weights import CALL, ArgumentWeights

Point = Callable[[str, Mapping[str, Any]], Pointing | None]
"""`models.pointer.OnnxPointer.point`."""


class Pointings:
    """What the pointer says of each of some tools, read when it is asked for, or ahead of that.

    request: the person's words. schemas: of the tools, by name, the likeliest first. Threads may share it.
    """

    def __init__(self, request: str, schemas: Mapping[str, Mapping[str, Any]], point: Point) -> None:
        self._request = request
        self._schemas = schemas
        self._point = point
        self._found: dict[str, Pointing | None] = {}
        self._locks = {name: threading.Lock() for name in schemas}
        self._enough = False

    def of(self, name: str) -> Pointing | None:
        """What it says of a tool; None where nothing: the planner knows it, or the request is too long."""
        if name not in self._schemas:
            return None
        with self._locks[name]:
            if name not in self._found:
                self._found[name] = self._point(self._request, self._schemas[name])
            return self._found[name]

    def parameters(self, name: str) -> Mapping[str, Any]:
        """The schema of a tool's parameters."""
        found: Mapping[str, Any] = self._schemas[name]["parameters"]
        return found

    @asynccontextmanager
    async def ahead(self) -> AsyncGenerator[None, None]:
        """While the planner is at work, read the tools in their order."""
        reading = asyncio.create_task(asyncio.to_thread(self._read_all))
        try:
            yield
        finally:
            self._enough = True
            cancelled: asyncio.CancelledError | None = None
            while not reading.done():  # for milliseconds; who cancels twice must not leave it behind
                try:
                    await asyncio.wait([reading])
                except asyncio.CancelledError as error:
                    cancelled = error
            reading.exception()  # who asks for that tool meets it, too
            if cancelled is not None:
                raise cancelled

    def _read_all(self) -> None:
        for name in self._schemas:
            if self._enough:
                return
            self.of(name)


class LinePreference:
    """What is known of one line: its beginning, and the arguments of the tool that it calls.

    used: by tool and parameter, the texts that finished lines have there.
    """

    def __init__(
        self,
        beginnings: Mapping[str, float],
        pointings: Pointings | None = None,
        used: Mapping[bytes, Mapping[bytes, set[bytes]]] | None = None,
    ) -> None:
        self._beginnings = Beginnings(beginnings)
        self._pointings = pointings
        self._used = used or {}
        self._arguments: dict[bytes, ArgumentWeights | None] = {}

    def speaks(self, line: bytes) -> bool:
        """While the beginning is open, and in the arguments of a tool that the pointer has read."""
        called = CALL.match(line)
        return self._of(called[1]) is not None if called else self._beginnings.speaks(line)

    def weights(self, line: bytes, pieces: Sequence[bytes]) -> Weights:
        """For each piece, what is added to its logit."""
        called = CALL.match(line)
        if called and (arguments := self._of(called[1])):
            return arguments.weights(line[called.end() :], pieces)
        found = self._beginnings.weights(line, pieces)
        for number, piece in enumerate(pieces):  # a token may go past the parenthesis
            called = CALL.match(line + piece)
            if called and (arguments := self._of(called[1])):
                found[number] += arguments.weight((line + piece)[called.end() :])
        return found

    def _of(self, tool: bytes) -> ArgumentWeights | None:
        if self._pointings is None:
            return None
        if tool not in self._arguments:
            name = tool.decode()
            pointing = self._pointings.of(name)
            self._arguments[tool] = None
            if pointing is not None:
                parameters = self._pointings.parameters(name)
                self._arguments[tool] = ArgumentWeights(parameters, pointing, self._used.get(tool, {}))
        return self._arguments[tool]
