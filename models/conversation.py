"""A prompt as the messages of a chat, for models whose chat template is somewhere else."""

import re

from .prompt import Prompt, SegmentKind

Message = dict[str, str]

# What well-known templates mark turns with. A server reads such text as its own marks.
_MARKS = re.compile(r"<\|[^|<>\s]{1,40}\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>|</?tool_call>")


def conversation(prompt: Prompt) -> list[Message]:
    """The messages `{"role", "content"}` of a prompt in the dialect `plan`: instructions and tools, earlier
    requests with their plans and results, facts and request.

    Where a text spells a mark of a template out, an invisible character is set inside.
    """
    system = [part for segment in prompt.of_kind(SegmentKind.SYSTEM) for part in segment.parts]
    tools = [_harmless("".join(tool.parts)) for tool in prompt.of_kind(SegmentKind.TOOL)]
    if tools:
        system.append("Tools:\n" + "\n".join(tools))
    messages = [_message("system", "\n\n".join(system))] if system else []
    told = ""  # results that only the next message can tell
    for turn in prompt.of_kind(SegmentKind.TURN):
        query, plan, results = map(_harmless, turn.parts)
        messages += [_message("user", told + query), _message("assistant", plan)]
        told = f"Results:\n{results}\n\n" if results else ""
    facts = [_harmless(part) for segment in prompt.of_kind(SegmentKind.FACTS) for part in segment.parts]
    (request,) = prompt.of_kind(SegmentKind.REQUEST)
    now = f"Now: {' '.join(facts)}\n" if facts else ""
    return [*messages, _message("user", told + now + _harmless("".join(request.parts)))]


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _harmless(text: str) -> str:
    return _MARKS.sub(lambda found: found[0][0] + "\u200b" + found[0][1:], text)
