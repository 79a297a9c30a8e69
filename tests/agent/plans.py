"""Hypothesis strategies for plans: any unicode text, nested values, references to earlier steps."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from scrubjay.agent.plan import Plan, Reference, Step, Template, Value

texts = st.text(max_size=12) | st.sampled_from(
    ["{$1}", "{$", "$1", '"', "\\", "{\\u0024", "a\nb", "\u2028", "\x7f"]
)
tool_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_\-./]{0,20}", fullmatch=True)


@cache
def references(earlier: int) -> st.SearchStrategy[Reference]:
    """References that step `earlier + 1` may make."""
    paths = st.lists(texts | st.integers(0, 99), max_size=3).map(tuple)
    previous = st.builds(Reference, st.integers(1, 9), paths, st.just(True))
    return previous | st.builds(Reference, st.integers(1, earlier), paths) if earlier else previous


@st.composite
def templates(draw: st.DrawFn, earlier: int) -> Template:
    pieces = draw(st.lists(st.text(min_size=1, max_size=8) | references(earlier), min_size=1, max_size=4))
    pieces.insert(draw(st.integers(0, len(pieces))), draw(references(earlier)))
    parts: list[str | Reference] = []
    for piece in pieces:
        if isinstance(piece, str) and parts and isinstance(parts[-1], str):
            parts[-1] += piece
        else:
            parts.append(piece)
    return Template(tuple(parts))


@cache
def values(earlier: int) -> st.SearchStrategy[Value]:
    scalars = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
    )
    leaves = scalars | references(earlier) | templates(earlier)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    )


@st.composite
def plans(draw: st.DrawFn, max_steps: int = 5) -> Plan:
    steps = []
    for earlier in range(draw(st.integers(0, max_steps))):
        args = draw(
            st.dictionaries(st.sampled_from(["name", "to", "x"]) | texts, values(earlier), max_size=3)
        )
        steps.append(Step(earlier + 1, draw(tool_names), args))
    return Plan(tuple(steps))
