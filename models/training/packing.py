"""Groups to tensors: rows of tools, and rows of requests that look into the tool rows of their group.

A row holds several segments, each seeing only itself and the system token at the row's start. Tool rows
attend within themselves; request rows also attend to all tool rows of their group, by a mask that shows
each request its own tools. So a tool is computed once for all requests that use it, exactly as segments are
composed at run time, and attention over tool rows costs a row of keys instead of the whole group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..dialects import END, FACTS, PLAN, REQUEST, RESULT, SYSTEM, TOOL, TURN, results_text, tool_text
from .attention import MOST_SEGMENTS, tool_entries
from .corpus import plan_text
from .sampling import Group, Request
from .tokenizer import Encoder


@dataclass(frozen=True, slots=True)
class Shape:
    """The fixed shape of a batch: `groups` times (`tool_rows` + `request_rows`) rows of `row` tokens."""

    groups: int = 3
    tool_rows: int = 2
    request_rows: int = 4
    row: int = 256
    targets: int = 1920

    @property
    def tokens(self) -> int:
        """Tokens a step, padding included."""
        return self.groups * (self.tool_rows + self.request_rows) * self.row


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of one step; tool rows of all groups come first, then request rows, each group's together.

    tokens, positions, segments: [rows, row], segment 0 is the system token and -1 padding;
    sees: [groups, request rows of a group, row], for each token the tool segments it sees, as bits;
    table: [segments, 6], of each segment its first token (in rows * row), length, its row's system token,
    group, number and the tools it sees, as bits; system tokens and tools come first (`tool_entries`), and
    unused lines are zeros;
    target_index (into rows * row), target, weight: [targets], weight 0 is padding; `requests` counts plans.
    """

    tokens: np.ndarray
    positions: np.ndarray
    segments: np.ndarray
    sees: np.ndarray
    table: np.ndarray
    target_index: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    requests: int

    def to(self, device: torch.device) -> tuple[torch.Tensor, ...]:
        """The tensors in the order in which the model's loss takes them."""
        arrays = (
            self.tokens,
            self.positions,
            self.segments,
            self.sees,
            self.table,
            self.target_index,
            self.target,
            self.weight,
        )
        return tuple(torch.from_numpy(array).to(device, non_blocking=True) for array in arrays)


class Packer:
    """Writes groups into batches of one fixed shape; what does not fit is left out."""

    def __init__(self, encoder: Encoder, shape: Shape) -> None:
        self.encoder = encoder
        self.shape = shape

    def pack(self, groups: list[Group]) -> Batch:
        """Lay out `shape.groups` groups."""
        page = _Page(self.shape, self.encoder.special[SYSTEM])
        for number, group in enumerate(groups):
            places = self._write_tools(page, number, group)
            self._write_requests(page, number, group, places)
        return page.batch()

    def _write_tools(self, page: _Page, number: int, group: Group) -> dict[str, tuple[int, int]]:
        """Returns, by tool name, its segment number and length in tokens."""
        places = {}
        for segment, tool in enumerate(group.tools[:MOST_SEGMENTS], 1):
            ids = self.tool_ids(tool)[: self.shape.row - 1]
            if page.add(page.tool_rows(number), ids, 1, segment) is not None:
                places[tool["name"]] = (segment, len(ids))
        return places

    def _write_requests(
        self, page: _Page, number: int, group: Group, places: dict[str, tuple[int, int]]
    ) -> None:
        budget = self.shape.targets // self.shape.groups
        for segment, request in enumerate(group.requests, 1):
            offered = [places[name] for name in request.offered if name in places]
            if not offered or not {call.tool for call in request.plan} <= places.keys():
                continue
            prompt, plan = self.prompt_ids(request), self.plan_ids(request)
            if len(plan) > budget:
                continue
            start = 1 + max(length for _, length in offered) + request.shift
            if segment > MOST_SEGMENTS:
                break
            place = page.add(page.request_rows(number), prompt + plan, start, segment)
            if place is not None:
                budget -= len(plan)
                bits = sum(1 << tool for tool, _ in offered)
                page.score(place, len(prompt), plan, bits)

    def tool_ids(self, tool: dict[str, object]) -> list[int]:
        """Token ids of a tool segment."""
        return [self.encoder.special[TOOL], *self.encoder.cached(tool_text(tool))]

    def plan_ids(self, request: Request) -> list[int]:
        """Token ids that the model should write."""
        return [*self.encoder(plan_text(request.plan)), self.encoder.special[END]]

    def prompt_ids(self, request: Request) -> list[int]:
        """Token ids of everything after the tools: earlier turns, facts, request."""
        special, encode = self.encoder.special, self.encoder
        ids: list[int] = []
        for turn in request.history:
            ids += [special[TURN], *encode(turn.query), special[PLAN], *encode(plan_text(turn.plan))]
            ids += [special[RESULT], *encode(results_text(turn.results))]
        if request.facts:
            ids += [special[FACTS], *encode(request.facts)]
        return [*ids, special[REQUEST], *encode(request.query), special[PLAN]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a segment was put: row, offset in it, and its line in the table of segments."""

    row: int
    offset: int
    entry: int


class _Page:
    """The arrays of a batch while they are being filled, row by row, best fit first."""

    def __init__(self, shape: Shape, system: int) -> None:
        rows = shape.groups * (shape.tool_rows + shape.request_rows)
        self.shape = shape
        self.tokens = np.zeros((rows, shape.row), np.int64)
        self.positions = np.zeros((rows, shape.row), np.int64)
        self.segments = np.full((rows, shape.row), -1, np.int32)
        self.sees = np.zeros((shape.groups * shape.request_rows, shape.row), np.int32)
        self.tokens[:, 0] = system
        self.segments[:, 0] = 0
        self.tools = tool_entries(shape.groups, rows)
        self.table = np.zeros((self.tools + shape.groups * MOST_SEGMENTS, 6), np.int32)
        for row in range(rows):
            self.table[row] = row * shape.row, 1, row * shape.row, -1, 0, 0
        self.filled = [1] * rows
        self.targets: list[tuple[int, int]] = []
        self.requests = 0

    def tool_rows(self, group: int) -> range:
        return range(group * self.shape.tool_rows, (group + 1) * self.shape.tool_rows)

    def request_rows(self, group: int) -> range:
        first = self.shape.groups * self.shape.tool_rows + group * self.shape.request_rows
        return range(first, first + self.shape.request_rows)

    def add(self, rows: range, ids: list[int], start: int, segment: int) -> _Place | None:
        """Put `ids`, at positions from `start`, into the fullest row with room; None when none has."""
        fitting = [row for row in rows if self.filled[row] + len(ids) <= self.shape.row]
        if not fitting:
            return None
        row = max(fitting, key=lambda r: self.filled[r])
        offset = self.filled[row]
        here = slice(offset, offset + len(ids))
        self.tokens[row, here] = ids
        self.positions[row, here] = np.arange(start, start + len(ids))
        self.segments[row, here] = segment
        self.filled[row] += len(ids)
        return _Place(row, offset, self._enter(row, offset, len(ids), segment))

    def _enter(self, row: int, offset: int, length: int, segment: int) -> int:
        """Write a segment into the table; returns its line there."""
        shape, system = self.shape, row * self.shape.row
        tools = shape.groups * shape.tool_rows
        if row < tools:
            first, group = len(self.filled), row // shape.tool_rows
        else:
            first, group = self.tools, (row - tools) // shape.request_rows
        entry = first + group * MOST_SEGMENTS + segment - 1
        self.table[entry] = system + offset, length, system, group, segment, 0
        return entry

    def score(self, place: _Place, prompt: int, plan: list[int], bits: int) -> None:
        """Mark the request at `place` as seeing the tools in `bits`, its plan as what the loss is over."""
        first = place.row * self.shape.row + place.offset + prompt
        request_row = place.row - self.shape.groups * self.shape.tool_rows
        self.sees[request_row, place.offset : place.offset + prompt + len(plan)] = bits
        self.table[place.entry, 5] = bits
        self.targets += [(first + i - 1, token) for i, token in enumerate(plan)]
        self.requests += 1

    def batch(self) -> Batch:
        size = self.shape.targets
        index, target, weight = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.float32)
        if self.targets:
            count = len(self.targets)
            index[:count], target[:count] = np.array(self.targets).T
            weight[:count] = 1.0
        sees = self.sees.reshape(self.shape.groups, self.shape.request_rows, self.shape.row)
        return Batch(
            self.tokens, self.positions, self.segments, sees, self.table, index, target, weight, self.requests
        )
