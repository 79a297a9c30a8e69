"""What a chat template may use: Jinja's sandbox with limits on time and on the size of texts.

Jinja bounds `range` and nothing else: two loops in one another, a macro that calls itself twice, or a text
that is doubled forty times would keep a program busy, or take all memory, before anybody could stop it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import do_format
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

SECONDS = 5.0
"""For one rendering; the longest template that we know takes 20 ms for a long conversation."""
LONGEST = 10_000_000
"""Characters of a text that a template makes, and the most that a call is told to repeat or to fill up."""
_WIDTH = re.compile(r"%[^a-zA-Z%]*(?:\d{5}|\*)")


class LimitedSandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox in which loops and calls look at the clock, and texts at their length.

    Naming a forbidden attribute is an error and not an empty text.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._running = threading.local()
        self.filters |= {
            name: _modest(self.filters[name]) for name in ("center", "indent", "format", "batch")
        }
        self.filters |= {"_each": self._each, "_joined": _joined, "_short": _short, "format": _formatted}

    @contextmanager
    def limited(self) -> Generator[None]:
        """Within it, templates of this environment may run for `SECONDS`, on this thread."""
        self._running.end = time.monotonic() + SECONDS
        try:
            yield
        finally:
            del self._running.end

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        raise SecurityError(f"{attribute!r} of a {type(obj).__name__} is out of bounds")

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        __self._look_at_the_clock()
        _refuse_large((*args, *kwargs.values()))
        return _short(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(value) if isinstance(value, str | list | tuple) else value for value in (left, right)]
        if operator == "*" and not (isinstance(left, int | float) and isinstance(right, int | float)):
            if sizes[0] * sizes[1] > LONGEST:
                raise SecurityError("a template repeats a text too often")
        elif operator == "**" and (abs(left) > 1e6 or abs(right) > 100):
            raise SecurityError("a template reckons with too large numbers")
        elif operator == "%" and isinstance(left, str) and _WIDTH.search(left):
            raise SecurityError("a template fills a text up too far")
        return _short(super().call_binop(context, operator, left, right))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        bounded: nodes.Template = _Bounding(self).visit(tree)
        return bounded

    def _each(self, items: Iterable[Any]) -> Iterable[Any]:
        """The items of a loop."""
        for item in items:
            self._look_at_the_clock()
            yield item

    def _look_at_the_clock(self) -> None:
        if time.monotonic() > getattr(self._running, "end", float("inf")):
            raise SecurityError(f"it takes longer than {SECONDS:.0f} seconds")


class _Bounding(NodeTransformer):
    """Puts our filters around what a template loops over, and around texts that it joins."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = self._filtered(node.iter, "_each")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return self._filtered(nodes.List(node.nodes, lineno=node.lineno), "_joined")

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        self.generic_visit(node)
        node.filter = self._filtered(node.filter, "_short", node.lineno)
        return node

    def _filtered(self, node: Any, name: str, line: int | None = None) -> nodes.Filter:
        line = line or node.lineno
        made = nodes.Filter(node, name, [], [], None, None, lineno=line)
        made.set_environment(self._environment)
        return made


def _modest(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that fills texts up, within limits."""

    @wraps(filter_)  # also takes over what Jinja has marked it with
    def modest(*args: Any, **kwargs: Any) -> Any:
        _refuse_large((*args, *kwargs.values()))
        return _short(filter_(*args, **kwargs))

    return modest


def _refuse_large(values: Iterable[Any]) -> None:
    """Raise SecurityError where a call is told to make a text that is too long."""
    if any(isinstance(value, int) and value > LONGEST for value in values):
        raise SecurityError("a call is told to make a text that is too long")


def _formatted(layout: str, *values: Any, **named: Any) -> str:
    """Jinja's filter `format`."""
    if _WIDTH.search(layout):
        raise SecurityError("a template fills a text up too far")
    return str(_short(do_format(layout, *values, **named)))


def _joined(parts: Iterable[Any]) -> str:
    """`a ~ b`"""
    text = "".join(map(str, parts))
    _short(text)
    return text


def _short(value: Any) -> Any:
    """The value, unless it is a text that is too long."""
    if isinstance(value, str) and len(value) > LONGEST:
        raise SecurityError("a template makes too long a text")
    return value
