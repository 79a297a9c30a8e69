"""A package with tools: once it is installed, every Scrubjay on the machine has them.

`pip install ./examples/tool_package`, then `scrubjay tools show tide_height`. Its pyproject.toml names
`tools` as an entry point.
"""

import math
from datetime import datetime

from scrubjay import Tool, tool

PERIOD_H = 12.42
"""From one high water to the next."""


@tool(effect="read", say="The water stands {result} m above its mean.")
def tide_height(hours_after_high_water: float, range_m: float = 4.0) -> float:
    """Tell how high the tide is, so many hours after high water.

    Args:
        hours_after_high_water: Hours since the last high water
        range_m: Metres between high and low water
    """
    return round(range_m / 2 * math.cos(2 * math.pi * hours_after_high_water / PERIOD_H), 2)


@tool(effect="read", say="The next low water is at {result}.")
def next_low_water(high_water: datetime) -> str:
    """Tell when the low water after a high water is."""
    return datetime.fromtimestamp(high_water.timestamp() + PERIOD_H / 2 * 3600).strftime("%H:%M")


def tools() -> list[Tool]:
    """The entry point: called once, when the tools are collected."""
    return [tide_height, next_low_water]
