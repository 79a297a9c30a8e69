"""What is asked of every system: questions with tools of fixed latency, and a day of requests.

The questions are from LLMCompiler's ParallelQA and movie recommendations (SqueezeAILab/LLMCompiler, MIT);
which calls serve each was written here. Plain Python, for every environment of the comparison.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SEARCH_S, MATH_S, ASSISTANT_S = 1.0, 0.1, 0.2
_REFERENCE = re.compile(r"\$(\d+)")


@dataclass(frozen=True)
class Call:
    """One call. args: values; "$1", or "{$1}" in a text, is the result of call 1. result: what comes."""

    tool: str
    args: dict[str, Any]
    result: Any

    def needs(self) -> set[int]:
        return {int(number) for number in _REFERENCE.findall(str(self.args))}


@dataclass(frozen=True)
class Task:
    """A request, the calls that serve it, and what a system says in the end that lets its model say it."""

    request: str
    calls: tuple[Call, ...]
    answer: str

    def waves(self) -> list[list[Call]]:
        """The calls in groups that can run at once, with results in the place of references."""
        level: dict[int, int] = {}
        groups: list[list[Call]] = []
        for number, call in enumerate(self.calls, 1):
            level[number] = max((level[other] + 1 for other in call.needs()), default=0)
            while len(groups) <= level[number]:
                groups.append([])
            groups[level[number]].append(Call(call.tool, self._filled(call.args), call.result))
        return groups

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, str):
            return value
        if re.fullmatch(r"\$\d+", value):
            return self.calls[int(value[1:]) - 1].result
        return re.sub(r"\{\$(\d+)\}", lambda found: str(self.calls[int(found[1]) - 1].result), value)


def search(query: str, result: str) -> Call:
    return Call("search", {"query": query}, result)


def math(expression: str, result: str) -> Call:
    return Call("math", {"expression": expression}, result)


PARALLEL_QA = (
    Task(
        "If Mariana Trench was 20% shallower and the Puerto Rico Trench was 20% deeper, which one would be"
        " shallower?",
        (
            search("depth of the Mariana Trench in m", "10935"),
            search("depth of the Puerto Rico Trench in m", "8376"),
            math("{$1} * 0.8", "8748"),
            math("{$2} * 1.2", "10051.2"),
            math("min({$3}, {$4})", "8748"),
        ),
        "The Mariana Trench would be shallower.",
    ),
    Task(
        "How much would Mount Everest and K2 together be higher than Kilimanjaro and Denali together, in m?",
        (
            search("height of Mount Everest in m", "8849"),
            search("height of K2 in m", "8611"),
            search("height of Kilimanjaro in m", "5895"),
            search("height of Denali in m", "6190"),
            math("({$1} + {$2}) - ({$3} + {$4})", "5375"),
        ),
        "They would be 5375 m higher.",
    ),
    Task(
        "Which has more people a square km: France, Germany or Spain?",
        (
            search("population of France", "68000000"),
            search("area of France in square km", "551695"),
            search("population of Germany", "84000000"),
            search("area of Germany in square km", "357592"),
            search("population of Spain", "48000000"),
            search("area of Spain in square km", "505990"),
            math("{$1} / {$2}", "123.3"),
            math("{$3} / {$4}", "234.9"),
            math("{$5} / {$6}", "94.9"),
            math("max({$7}, {$8}, {$9})", "234.9"),
        ),
        "Germany has the most people a square km.",
    ),
)

_FILMS = (
    (
        "Mission Impossible, The Silence of the Lambs, American Beauty, Star Wars Episode IV - A New Hope",
        "Austin Powers International Man of Mystery, Alesha Popovich and Tugarin the Dragon, In Cold Blood,"
        " Rosetta",
    ),
)
MOVIES = tuple(
    Task(
        f"Find a movie similar to {liked}\nOptions:\n" + options.replace(", ", "\n"),
        tuple(
            search(title, f"{title}: a film of its time, with its cast and its plot")
            for title in (f"{liked}, {options}").split(", ")
        ),
        "Austin Powers International Man of Mystery",
    )
    for liked, options in _FILMS
)
QUESTION_TOOLS: list[dict[str, Any]] = [
    {
        "name": "search",
        "description": "Look something up in an encyclopedia.",
        "parameters": {
            "type": "object",
            "properties": {"query": {"type": "string", "description": "What to look up"}},
            "required": ["query"],
        },
        "returns": {"type": "string"},
    },
    {
        "name": "math",
        "description": "Compute an expression.",
        "parameters": {
            "type": "object",
            "properties": {"expression": {"type": "string", "description": "Such as 3 * (4 + 5)"}},
            "required": ["expression"],
        },
        "returns": {"type": "string"},
    },
]


def latency(tool: str) -> float:
    """How many seconds a tool takes."""
    return {"search": SEARCH_S, "math": MATH_S}.get(tool, ASSISTANT_S)


def from_json(tasks: list[dict[str, Any]]) -> list[Task]:
    """Tasks as `to_json` wrote them."""
    return [
        Task(task["request"], tuple(Call(**call) for call in task["calls"]), task["answer"]) for task in tasks
    ]


def to_json(tasks: tuple[Task, ...] | list[Task]) -> list[dict[str, Any]]:
    return [
        {"request": t.request, "calls": [vars(call) for call in t.calls], "answer": t.answer} for t in tasks
    ]
