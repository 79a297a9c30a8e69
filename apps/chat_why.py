"""`/why`: the last plan, where each of its values came from, and how sure the model was."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..agent.plan import Value, print_step, print_value, references_in
from ..agent.provenance import Origin, Provenance, names
from .chat_talk import Talk
from .display import safe_text, value_text
from .record import Record, StepRecord

_LONGEST_VALUE = 60
_ORIGINS = {
    Origin.REQUEST: "your words",
    Origin.OWN: "your data",
    Origin.OTHERS: "written by others",
    Origin.MODEL: "worded by the model",
}


async def why(talk: Talk, _: str) -> None:
    """Explain the plan of the last request in this chat."""
    if not talk.served:
        talk.console.print("Nothing was planned in this chat yet.")
        return
    record = talk.served[-1]
    if not record.steps:
        talk.console.print("The plan was `none`: no tool that was offered serves the request.")
        return
    talk.console.print(Group(*_lines(record)))


def _lines(record: Record) -> Iterator[RenderableType]:
    if record.thought:
        yield Text(f"Thought first: {value_text(record.thought)}", style="dim")
    for step in record.steps.values():
        yield Text(safe_text(print_step(step.step)).rstrip("\n"))
        values = Table.grid(padding=(0, 2))
        for name, planned in step.step.args.items():
            values.add_row(
                Text(safe_text(name), style="bold"),
                Text(_value(step, name, planned)),
                Text(_origin(step, name, planned)),
            )
        if step.step.args:
            yield Padding(values, (0, 0, 0, 2))
        if step.confidence is not None:
            yield Text(
                f"  The plan up to here is right with a probability of {step.confidence:.0%}.", style="dim"
            )
    yield from (Text(f"Planned again, because: {value_text(why)}", style="yellow") for why in record.replans)


def _value(step: StepRecord, name: str, planned: Value) -> str:
    value = value_text(step.args.get(name, print_value(planned)))
    return value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "…"


def _origin(step: StepRecord, name: str, planned: Value) -> str:
    """Where an argument came from: by which reference, and whose words it is made of."""
    references = ", ".join(dict.fromkeys(map(str, references_in(planned))))
    by = [f"result {references}"] if references else []
    provenance = step.provenance.get(name)
    if provenance is None:
        return "; ".join([*by, "not traced, since the step could not run"])
    return "; ".join([*by, *_whose(provenance)]) or "the plan itself"


def _whose(provenance: Provenance) -> Iterator[str]:
    for origin, words in _ORIGINS.items():
        of_it = frozenset(source for source in provenance if source.origin is origin)
        if of_it:
            named = ", ".join(safe_text(name) for name in names(of_it))
            yield f"{words} ({named})" if named else words
