"""Reads a plan from a stream that may be cut anywhere, one step as soon as its line is complete."""

from __future__ import annotations

import json
import math
import re

from .plan import BARE_NAME, TOOL_NAME, Plan, Reference, Step, Template, Value

MAX_DEPTH = 64
"""How deep lists and objects may be nested; without a limit hostile text could overflow Python's stack."""

_STRING = re.compile(r'"([^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"true|false|null")
_STEP_ID = re.compile(r"\$([1-9][0-9]{0,8})")
_REFERENCE_HEAD = re.compile(r"\$(0\.)?([1-9][0-9]{0,8})")
_FIELD = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)")
_INDEX = re.compile(r"\[(0|[1-9][0-9]{0,8})\]")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}


class PlanSyntaxError(ValueError):
    """The text is not a plan. line counts from 1; the message quotes what stands there and what should."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line} of the plan: {problem}")
        self.line = line


def parse_plan(text: str) -> Plan:
    """The plan that `text` holds; a missing newline at its very end is forgiven. Raises PlanSyntaxError."""
    reader = PlanReader()
    reader.feed(text if text.endswith("\n") else text + "\n")
    return reader.close()


def read_step(line: str, number: int) -> Step:
    """The step that one line holds, without its newline; it must be step `number`. Raises PlanSyntaxError."""
    return _Line(line, number).step()


class PlanReader:
    """Bytes in, steps out. However the stream is cut, `steps` and the error, if any, come out the same.

    steps: every step read so far.
    finished: whether `done` or `none` has been read; nothing may follow it.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.finished = False
        self._unread = bytearray()
        self._lines = 0
        self._broken: PlanSyntaxError | None = None

    def feed(self, chunk: bytes | str) -> list[Step]:
        """Read on; returns the steps whose lines `chunk` completes.

        Raises PlanSyntaxError, and again on every later call; good steps before the bad line stay in `steps`.
        """
        if self._broken:
            raise self._broken
        known = len(self.steps)
        try:
            self._read(chunk.encode() if isinstance(chunk, str) else chunk)
        except UnicodeEncodeError as error:
            self._broken = PlanSyntaxError(self._lines + 1, "half of a surrogate pair is not text")
            raise self._broken from error
        except PlanSyntaxError as error:
            self._broken = error
            raise
        return self.steps[known:]

    def close(self) -> Plan:
        """The stream has ended: the whole plan. Raises PlanSyntaxError if `done` or `none` is missing."""
        if self._broken:
            raise self._broken
        if not self.finished:
            raise PlanSyntaxError(self._lines + 1, "the text stops before `done` or `none`")
        return Plan(tuple(self.steps))

    def _read(self, data: bytes) -> None:
        searched = len(self._unread)
        self._unread += data
        begin = 0
        while (end := self._unread.find(b"\n", max(begin, searched))) >= 0:
            line = bytes(self._unread[begin:end])
            begin = end + 1
            self._read_line(line)
        del self._unread[:begin]
        if self.finished and self._unread:
            raise self._after_the_end()

    def _read_line(self, line: bytes) -> None:
        if self.finished:
            raise self._after_the_end()
        self._lines += 1
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise PlanSyntaxError(self._lines, "it is not UTF-8") from error
        if text in ("done", "none"):
            self._finish(text)
            return
        self.steps.append(_Line(text, self._lines).step())

    def _finish(self, word: str) -> None:
        if (word == "none") == bool(self.steps):
            rule = "`none` stands alone" if self.steps else "a plan without steps is `none`"
            raise PlanSyntaxError(self._lines, f"{rule}, but this says `{word}`")
        self.finished = True

    def _after_the_end(self) -> PlanSyntaxError:
        return PlanSyntaxError(self._lines + 1, "nothing may follow `done` or `none`")


class _Line:
    """A cursor in one line. Each method reads what it is named after, and moves behind it."""

    def __init__(self, text: str, number: int) -> None:
        self.text = text
        self.number = number
        self.at = 0

    def step(self) -> Step:
        step_id = int(self._take(_STEP_ID, "a step like `$1 = tool(...)`, `done` or `none`")[1])
        if step_id != self.number:
            raise self._error(f"it is named ${step_id}, but steps are numbered in order: ${self.number}")
        self._spaces()
        self._literal("=")
        self._spaces()
        tool = self._take(TOOL_NAME, "a tool's name")[0]
        self._literal("(")
        args = self._args()
        if self.at != len(self.text):
            raise self._expected("the end of the line")
        return Step(step_id, tool, args)

    def _args(self) -> dict[str, Value]:
        args: dict[str, Value] = {}
        if self._skip(")"):
            return args
        while True:
            name = self._name()
            if name in args:
                raise self._error(f"the argument {name!r} is given twice")
            self._literal("=")
            args[name] = self._value(0)
            if self._skip(")"):
                return args
            self._literal(",")

    def _name(self) -> str:
        self._spaces()
        if self._at('"'):
            return self._key()
        return self._take(BARE_NAME, "an argument's name")[0]

    def _value(self, depth: int) -> Value:
        self._spaces()
        if depth > MAX_DEPTH:
            raise self._error(f"values are nested deeper than {MAX_DEPTH} levels")
        if self._at('"'):
            return self._string()
        if self._at("$"):
            return self._reference()
        if self._skip("["):
            return self._items(depth + 1)
        if self._skip("{"):
            return self._object(depth + 1)
        if word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return _WORDS[word[0]]
        return self._number()

    def _items(self, depth: int) -> list[Value]:
        items: list[Value] = []
        if self._skip("]"):
            return items
        while True:
            items.append(self._value(depth))
            if self._skip("]"):
                return items
            self._literal(",")

    def _object(self, depth: int) -> dict[str, Value]:
        items: dict[str, Value] = {}
        if self._skip("}"):
            return items
        while True:
            self._spaces()
            key = self._key()
            if key in items:
                raise self._error(f"the key {key!r} is given twice")
            self._spaces()
            self._literal(":")
            items[key] = self._value(depth)
            if self._skip("}"):
                return items
            self._literal(",")

    def _number(self) -> int | float:
        match = self._take(_NUMBER, "a value (text in double quotes, number, true, list, $1, ...)")
        if match[1] is None and match[2] is None:
            try:
                return int(match[0])
            except ValueError as error:
                raise self._error("a number has too many digits") from error
        number = float(match[0])
        if math.isinf(number):
            raise self._error(f"the number {match[0][:40]} is too large")
        return number

    def _key(self) -> str:
        key = self._string()
        if isinstance(key, Template):
            raise self._error("a name cannot hold a reference")
        return key

    def _string(self) -> str | Template:
        raw = self._take(_STRING, "text in double quotes")[1]
        # A literal `{$` is always escaped, so every raw one begins a reference; no escape sequence contains
        # these characters, so the pieces between them are strings of their own.
        first, *rest = raw.split("{$")
        texts = [self._unescape(first)]
        parts: list[str | Reference] = [texts[0]] if texts[0] else []
        for piece in rest:
            inner = _Line("$" + self._unescape(piece), self.number)
            parts.append(inner._reference())
            if not inner._skip("}"):
                raise self._error("a reference in text is written {$1}, and a literal {$ as {\\u0024")
            if text := inner.text[inner.at :]:
                parts.append(text)
        return Template(tuple(parts)) if rest else texts[0]

    def _unescape(self, raw: str) -> str:
        try:
            text: str = json.loads(f'"{raw}"')
            text.encode()
        except ValueError as error:
            raise self._error(f"bad escape in the text {_quoted(raw)}") from error
        return text

    def _reference(self) -> Reference:
        head = self._take(_REFERENCE_HEAD, "a reference like $1, $1.field or $0.1")
        step, previous = int(head[2]), head[1] is not None
        path: list[str | int] = []
        while True:
            if match := _FIELD.match(self.text, self.at):
                path.append(match[1])
            elif match := _INDEX.match(self.text, self.at):
                path.append(int(match[1]))
            elif self.text.startswith('["', self.at):
                self.at += 1
                path.append(self._key())
                self._literal("]")
                continue
            else:
                break
            self.at = match.end()
        if not previous and step >= self.number:
            raise self._error(f"${step} is not an earlier step")
        return Reference(step, tuple(path), previous)

    def _spaces(self) -> None:
        while self._at(" "):
            self.at += 1

    def _at(self, literal: str) -> bool:
        return self.text.startswith(literal, self.at)

    def _skip(self, literal: str) -> bool:
        """Whether `literal` stands here, spaces before it aside; if so, move behind it."""
        behind = self.at
        self._spaces()
        if self._at(literal):
            self.at += len(literal)
            return True
        self.at = behind
        return False

    def _literal(self, literal: str) -> None:
        if not self._skip(literal):
            raise self._expected(f"`{literal}`")

    def _take(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise self._expected(what)
        self.at = match.end()
        return match

    def _expected(self, what: str) -> PlanSyntaxError:
        found = _quoted(self.text[self.at :]) if self.at < len(self.text) else "the end of the line"
        return self._error(f"expected {what}, found {found}")

    def _error(self, problem: str) -> PlanSyntaxError:
        return PlanSyntaxError(self.number, problem)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")
