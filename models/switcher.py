"""Whether a request needs thought: cues in its words, weighed; some ten microseconds' work.

A cue is a turn of phrase that asks for something to be worked out ("two days before", "half of what is
left"), or one that speaks against it (a timer takes "half an hour" as it was said). Weights of cues, and of
pairs of them, are trained by `models.training.reasoning.switcher`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights" / "switcher.npz"

_COUNT = (
    r"(?:\d+(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
    r"forty(?:-five)?|sixty|ninety|half|(?:a )?couple(?: of)?|a few|several)"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_LONG = r"(?:days?|weeks?|fortnights?|months?|nights?|evenings?|mornings?)"
_SHORT = r"(?:hours?|hrs?|h|minutes?|mins?|quarters?(?: of an hour)?)"
_BESIDE = (
    r"(?:before|after|prior to|ahead of|past|following|later than|earlier than|preceding|until|short of|"
    r"on from|from|since|counting|counted|starting|off|shy of|beyond|in advance of|till|sooner than|"
    r"further on than|back from|forward|as of|behind (?:us|me)|on, counted)"
)
_WHOLE = r"(?:(?:whole|full|entire|solid|more|good) )?"
_LENGTH = (
    rf"(?:{_COUNT}(?: and a (?:half|quarter))? {_WHOLE}{_SHORT}|\d+ ?h(?:rs?)? ?\d*|half an hour|"
    r"quarter of an hour)\b"
)
_GROUP = (
    r"(?:wife|husband|parents?|sisters?|brothers?|kids?|children|cousins?|friends?|colleagues?|twins|boss|"
)
_GROUP += (
    r"flatmates?|neighbours?|mother|father|mum|dad|mom|grand\w+|aunts?|uncles?|sons?|daughters?|partner|"
    r"boyfriend|girlfriend|clients?|guests?|visitors?|interns?|nephews?|nieces?|teacher|coach|boys|girls|people|"
    r"classmates?|teammates?|roommates?|land(?:lord|lady)|relatives|players|students|lawyer|doctor|manager|tutor|"
    r"trainer|assistant|couple|pair|team|step\w+|god\w+|triplets|quadruplets|newlyweds|in-laws|fiancée?)"
)
_PART = r"(?:half|(?:a|one|two|three) (?:third|quarter|fourth|fifth|sixth|eighth|tenth)s?|\d+ ?(?:%|percent))"

_CUES = {
    "days beside": rf"\b{_LONG} (?:\w+ ){{0,2}}?{_BESIDE}\b",
    "weeks on a weekday": rf"\bweeks? (?:\w+ ){{0,2}}{_WEEKDAY}|\b{_WEEKDAY} (?:week|fortnight)\b",
    "eve of": r"\b(?:eve|morrow) of\b|\bleading up to\b",
    "time beside": rf"\b(?:{_SHORT}|half an hour) (?:\w+ ){{0,2}}?{_BESIDE} (?!now\b)",
    "time from now": rf"\b{_LENGTH}(?: \w+)? (?:from now|hence|later|on from now|ahead)\b",
    "in some time": rf"\b(?:in|after|within) (?:\w+ )?{_LENGTH}",
    "in some days": rf"\b(?:in|after|within|plus|once|another) (?:\w+ ){{0,2}}?{_COUNT} {_WHOLE}{_LONG}\b",
    "days from now": (
        rf"\b{_COUNT} {_LONG} (?:from|on from|counting from|after) (?:now|today|tomorrow|{_WEEKDAY})|"
        r"\b(?:counting|counted|as|starting|go(?:ing)?) from (?:now|today|tomorrow)\b"
    ),
    "weekday of the month": (
        rf"\b(?:first|second|third|fourth|fifth|last|final|1st|2nd|3rd|4th|5th) (?:\w+ ){{0,3}}?{_WEEKDAY}|"
        rf"\b{_WEEKDAY}, the \w+ one\b|\b(?:second|third|fourth) time\b"
    ),
    "a month": r"\b(?:this|next|current|coming|upcoming|same) month(?:'s)?\b|\bmonth's\b|\bmonth end\b",
    "passed": r"\b(?:have|has) (?:passed|gone by|gone|elapsed)\b|\b(?:are|is) over\b|\bbehind us\b|"
    r"\bit's been\b|\bago\b",
    "after next": (
        r"\bafter next\b|\bnot (?:the|this) (?:next|coming)\b|\bthe one after\b|\bday after tomorrow\b|"
        r"\bweek (?:today|tomorrow)\b"
    ),
    "some time's time": r"\b(?:days?|weeks?|fortnights?|months?|hours?)'s? time\b|"
    r"\bfortnight\b|\bhence\b|\b(?:day|week|hour|min|minute)s? (?:later|away|further|down the line|into|"
    rf"ahead|afterwards)\b|\b(?:days|weeks?) on\b|\band then {_COUNT} {_LONG}\b|\bnow plus\b",
    "weekdays from now": rf"\b(?:{_COUNT} )?{_WEEKDAY}s? (?:from now|after|following|ahead|to come)\b",
    "of a month": r"\b(?:of|in) (?:the|this|next|the next|the current|the coming|the following) month\b",
    "several weekdays": rf"\b{_WEEKDAY}s\b",
    "next few": rf"\b(?:next|coming|following) {_COUNT}\b|\b{_COUNT} {_WEEKDAY}s\b",
    "every other": (
        rf"\b(?:every|each) (?:other|second|third|fourth|\d\w\w|{_COUNT}) \w+|\balternat(?:e|ing)\b|"
        r"\b(?:second|third|fourth) day\b|\bintervals of\b|\bin between\b|\bone day (?:on|in)\b"
    ),
    "days in a row": (
        rf"\b(?:for|over|during|throughout|within) (?:the (?:next )?)?{_COUNT} (?:days|weeks?)\b|\blong\b|"
        r"\bin a row\b|\bconsecutive\b|\brunning\b"
    ),
    "another clock": (
        r"\b(?:their|his|her) (?:time|clock)|\btime zone\b|\bover there\b|\bhours? (?:ahead|behind)"
    ),
    "length": rf"\b{_LENGTH}",
    "hours and minutes": rf"\bhours? (?:(?:and |plus )?(?:an? |three )?(?:{_COUNT}|half|quarters?))",
    "for a length": rf"\b(?:for|lasting|lasts|takes|of) {_LENGTH}",
    "clock time": r"\b\d{1,2}(?::\d\d)? ?(?:am|pm)\b|\b\d{1,2}:\d\d\b|\bnoon\b|\bo'clock\b",
    "part of": rf"\b{_PART} of (?:it|that|this|the|what|all|my|whatever)\b",
    "part": rf"\b{_PART}",
    "rest": (
        r"\b(?:rest|remainder|remaining|remains|left over|what is left|what's left|is left|leftover|"
        r"profit)\b"
    ),
    "taken away": r"\b(?:less|minus|spent|spend|used|gone|took|take \d+|cost|costs|after paying|deduct)\b",
    "shared": r"\b(?:split|divide[ds]?|shared?|shares|evenly|equal(?:ly)?|go dutch|chip in|owe)\b",
    "each": (
        r"\b(?:each|apiece|a piece|per (?!cent)\w+|a head|an hour|\d+ an? \w+)\b|"
        rf"\b{_COUNT} times {_COUNT}\b"
    ),
    "so many at": rf"\b{_COUNT} \w+ (?:of \w+,? )?(?:\w+ )?(?:at|for|,) \d+\b|\b{_COUNT} at \d+\b",
    "so many times": rf"\b{_COUNT} times\b|\btimes \d+\b|\btimes {_COUNT}\b|\bmultipl",
    "weekdays again": (
        rf"\b(?:every|each|weekly on|on) {_WEEKDAY}s?,? (?:\w+,? ){{0,2}}?{_COUNT} (?:times|weeks)\b"
    ),
    "tip": r"\btip\b|\bgratuity\b|\bon top\b|\d ?(?:%|percent) (?:extra|more)\b|"
    r"\b(?:add|plus|another|leave) \d+ ?(?:%|percent)",
    "percent": r"\d ?%|\bpercent\b",
    "and me": r"(?:\b(?:and|with|plus|also|then|as|course|&)|,) (?:me|myself)\b|"
    r"\b(?:me|myself)(?:,| and| plus| &| as well as| with| along| together| not)",
    "and kin": rf"\b(?:my|our|the) (?:\w+ )?{_GROUP}\b",
    "so many kin": (
        rf"\b(?:my|our|the) {_COUNT} \w+s\b|\bthe twins\b|\bboth (?:my|our|of my|of our)\b|"
        rf"\b(?:{_COUNT}|both) {_GROUP}\b"
    ),
    "people listed": (
        r"\b[A-Z][a-z]+(?:, (?:and |plus |also |and then |not forgetting )?| and (?:also |of course )?|"
        r" and finally | plus | & | with | as well as | along with | together with )(?:my |me\b|[A-Z][a-z]+)"
    ),
    "seats": r"\b(?:table|tickets?|seats?|places|reservation|reserve|book|admission|room for|into the)\b",
    "dozens": r"\bdozens?\b|\bpairs?\b",
    "packs": (
        r"\b(?:packs?|boxes|box|bags?|crates?|sets?|cartons?|trays?|bundles?|cases?|packets?|packages?|lots|"
        rf"batches|multipacks) (?:of|with) {_COUNT}\b"
    ),
    "money": (
        r"\b(?:euros?|dollars?|pounds?|bucks|money|savings?|pay|send|wire|transfer|request|bill)\b|[€$£]"
    ),
    "cheapest": (
        r"\b(?:cheap|dear|pric(?:e|i)|expensive)(?:er|est|y|ier|iest)?\b|"
        r"\bcosts? (?:less|more|least|most|the)|\basks? the (?:most|least)\b"
    ),
    "most": r"\b(?:least|most|lowest|highest|smallest|largest|best) \w+",
    "earliest": (
        r"\b(?:earliest|latest|soonest|(?:leaves|departs|departing|leaving|goes) (?:\w+ )?(?:first|"
        r"last|early|late)|as (?:late|early) as possible|"
        r"the (?:first|last|latest|earliest) (?:one|departure|flight|of (?:them|these|those)))\b"
    ),
    "a superlative ends it": (
        r"\b(?:cheapest|priciest|dearest|latest|earliest|lowest|highest|expensive)(?: \w+)?(?: please| then)?"
        r"\W*$"
    ),
    "one of them": r"\b(?:ones?|whichever|option|of them|of these|of those|the (?:first|last) to)\b",
    "measure": (
        rf"\b{_COUNT}(?: and a half)? (?:lit(?:re|er)s?|kilos?|kg|kilomet(?:re|er)s?|km|grams?)\b|"
        r"\d(?:l|kg|km)\b"
    ),
    "and a half": r"\band (?:a|one|three) (?:half|quarters?)\b",
    "log": (
        r"\b(?:log|note|record|track|noted?|logged|did|had|drank|ran|swam|finished|completed|spent|entry|count|"
        r"recipe|workouts?|session|exercise|training)\b"
    ),
    "some weeks": rf"\b{_COUNT} {_WHOLE}weeks\b",
    "pause": (
        r"\b(?:paused?|stop(?:ped)?|hold|suspend|freeze|break|rest|interrupt|skip|cut|don't need|"
        r"put .* on hold|(?:switch|take|leave|let) .* (?:off|sit))\b"
    ),
    "timer": r"\b(?:timers?|countdown|stopwatch)\b",
    "convert": (
        r"\b(?:convert|how (?:many|much|far|long)|in (?:miles|euros|dollars|pounds|feet)|what is|"
        r"what's)\b"
    ),
    "weather": r"\b(?:weather|forecast|rain|temperature|news|music|song|play|lights?|volume|thermostat)\b",
    "message": r"\b(?:text|message|tell|email|mail|write|saying|that I|call)\b",
    "invite": r"\b(?:invite|meeting with|together with|attendees?)\b",
    "alarm": r"\b(?:alarm|wake|get me up|woken)\b",
    "reminder": r"\b(?:remind|reminder|reminded|nudge|don't let me forget|make sure)\b",
    "event": (
        r"\b(?:calendar|schedule|event|appointment|move|reschedule|push|shift|postpone|put .* off|"
        r"free)\b"
    ),
    "number": r"\b\d{2,}\b",
    "two numbers": r"\b\d{2,}\b.*\b\d{2,}\b",
    "three numbers": r"\b\d{2,}\b.*\b\d{2,}\b.*\b\d{2,}\b",
    "tomorrow": r"\b(?:tomorrow|today|tonight)\b",
    "the 3rd": r"\b\d{1,2}(?:st|nd|rd|th)\b",
}
_PATTERNS = tuple(re.compile(pattern, 0 if "A-Z" in pattern else re.IGNORECASE) for pattern in _CUES.values())
SIZE = len(_CUES) * (len(_CUES) + 1) // 2
"""The number of features: every cue, and every pair of cues."""


def needs_thought(request: str) -> bool:
    """Whether something in the request has to be worked out before it can be planned."""
    weights, bias = _weights()
    return float(weights[features(request)].sum()) + bias > 0


def features(request: str) -> NDArray[np.intp]:
    """Which of the SIZE features a request has."""
    found = [place for place, pattern in enumerate(_PATTERNS) if pattern.search(request)]
    return np.array([b * (b + 1) // 2 + a for at, b in enumerate(found) for a in found[: at + 1]], np.intp)


@cache
def _weights() -> tuple[NDArray[np.float32], float]:
    with np.load(WEIGHTS) as content:
        return content["weights"].astype(np.float32), float(content["bias"])
