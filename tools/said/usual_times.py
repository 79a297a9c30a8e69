"""When things usually are: dinner at eight is in the evening, the school run at eight in the morning."""

import re
from typing import Literal

from .names import folded

_EVENING = """
dinner supper drinks drink party film movie movies cinema concert gig theatre theater opera show pub bar bbq
barbecue cocktails date night evening tonight restaurant takeaway disco club
"""
_MORNING = """
breakfast brunch standup stand-up scrum gym run jog jogging yoga school sunrise morning commute wake alarm
bakery assembly milk
"""


def usually(text: str) -> Literal["", "morning", "evening"]:
    """The half of the day in which what `text` speaks of usually is; empty when it could be in either."""
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)?", folded(text)))
    evening, morning = bool(words & set(_EVENING.split())), bool(words & set(_MORNING.split()))
    if evening == morning:
        return ""
    return "evening" if evening else "morning"
