"""Which tools the planner of a request gets to see, and what is learned from plans that were carried out."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from itertools import chain

from ..retrieval.retriever import Retriever
from ..retrieval.usage import Used
from ..tools.tool import Tool
from .joiner import Rounds
from .narrowing import tools_used
from .outcome import StepStatus
from .planner import PastTurn

_log = logging.getLogger(__name__)


def tools_for(request: str, history: Sequence[PastTurn], retriever: Retriever, limit: int) -> list[Tool]:
    """The tools that could serve `request`, in the registry's order: all if there are at most `limit`.

    What goes on from the turn before ("make it three o'clock") says little by itself: the tools that were
    used there, and those that could have been, stay in sight. Then there may be more than `limit`.
    Raises ModelFilesError.
    """
    chosen = retriever.choose(request, limit)
    if not history or len(retriever.tools) <= limit:
        return chosen
    names = {tool.name for tool in (*chosen, *retriever.choose(history[-1].request, limit))}
    names.update(tools_used(history[-1].plan))
    return [tool for tool in retriever.tools if tool.name in names]


def learn_from(request: str, rounds: Rounds, retriever: Retriever) -> None:
    """Remember which tools served a request, all of whose steps were done; a failure is logged."""
    outcomes = list(chain.from_iterable(rounds))
    if not outcomes or any(o.status not in (StepStatus.DONE, StepStatus.REPEATED) for o in outcomes):
        return
    tools = {outcome.step.id: outcome.step.tool for outcome in outcomes}
    feeds = {
        (tools[reference.step], outcome.step.tool)
        for outcome in outcomes
        for reference in outcome.step.references()
        if not reference.previous_turn and reference.step in tools
    }
    try:
        retriever.learn(Used(request, tuple(dict.fromkeys(tools.values())), tuple(sorted(feeds))))
    except (sqlite3.Error, OSError) as error:
        _log.warning("what this request used could not be remembered: %s", error)
