"""Cuts values of any size to what a person can look at; the whole value stays with the executor."""

from __future__ import annotations

from .plan import Json

MAX_TEXT = 2_000
MAX_ITEMS = 50
MAX_DEPTH = 8


def shown(value: Json) -> Json:
    """`value` itself when it is small, otherwise cut, with a note of how much there is in all.

    Looks only at what it keeps, so that megabytes cost no more than a page.
    """
    return _cut(value, MAX_TEXT, 0)[0]


def _cut(value: Json, room: int, depth: int) -> tuple[Json, int]:
    """The cut value and the characters of room that are left."""
    if isinstance(value, str):
        if len(value) > room:
            return f"{value[:room]}... (cut: {len(value):,} characters in all)", 0
        return value, room - len(value)
    if isinstance(value, list):
        return _cut_list(value, room, depth)
    if isinstance(value, dict):
        return _cut_object(value, room, depth)
    return value, room - 4


def _cut_list(items: list[Json], room: int, depth: int) -> tuple[Json, int]:
    kept: list[Json] = []
    for item in items:
        if room <= 0 or len(kept) == MAX_ITEMS or depth == MAX_DEPTH:
            kept.append(f"... (cut: {len(items):,} items in all)")
            break
        item, room = _cut(item, room, depth + 1)
        kept.append(item)
    return kept, room


def _cut_object(fields: dict[str, Json], room: int, depth: int) -> tuple[Json, int]:
    kept: dict[str, Json] = {}
    for key, item in fields.items():
        if room <= 0 or len(kept) == MAX_ITEMS or depth == MAX_DEPTH:
            kept["..."] = f"(cut: {len(fields):,} fields in all)"
            break
        item, room = _cut(item, room - len(key), depth + 1)
        kept[key] = item
    return kept, room
