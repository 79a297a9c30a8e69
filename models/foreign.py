"""Models that others made: which dialect each is spoken to in, from what its file says."""

from dataclasses import dataclass
from pathlib import Path

from .dialects import DIALECT
from .errors import ModelFileError
from .metadata import Metadata

PLAN = "plan"
"""The plan language, explained in the model's own chat template."""

PLAIN = "plain"
"""The plan language after plain text: for files without a chat template."""

NATIVE = ("hermes", "llama-3", "mistral", "phi-4", "gemma", "minicpm-4", "lfm-2", "tinyagent")
"""The tool-call formats that models were trained on; `agent.notation` writes and reads each."""

DIALECTS = (DIALECT, PLAN, PLAIN, *NATIVE)


@dataclass(frozen=True, slots=True)
class Trait:
    """A dialect that a chat template is written for.

    all_of: what stands in such a template. none_of: what stands in others that look alike.
    """

    dialect: str
    all_of: tuple[str, ...]
    none_of: tuple[str, ...] = ()


# The first that fits. The tokens are those of the makers' own templates, as Hugging Face hosts them.
TRAITS = (
    Trait("minicpm-4", ("<|tool_call_start|>", "```python")),
    Trait("lfm-2", ("List of tools: ", "<|im_start|>")),
    Trait("hermes", ("<tool_call>", '"arguments"'), ("<function=", "<arg_key>", "<|tool_call>")),
    Trait("mistral", ("[TOOL_CALLS]", "[AVAILABLE_TOOLS]"), ("[ARGS]",)),
    Trait("phi-4", ("<|tool|>", "<|/tool|>")),
    Trait("llama-3", ("<|start_header_id|>", '"parameters": ', "tools")),
    Trait("gemma", ("<start_of_turn>",)),
)


def chat_template_in(metadata: Metadata) -> str | None:
    """The chat template of a model's file, the one for tools where there are two."""
    for key in ("tokenizer.chat_template.tool_use", "tokenizer.chat_template"):
        source = metadata.get(key)
        if isinstance(source, str) and source.strip():
            return source
    return None


def dialect_of(path: Path, metadata: Metadata, wanted: str | None = None) -> str:
    """The dialect to speak with a model: the one `wanted`, or what its file suggests.

    Raises `ModelFileError` for one that nobody knows or that this model cannot speak.
    """
    declared = metadata.get("scrubjay.dialect")
    template = chat_template_in(metadata)
    chosen = wanted or declared or _guess(metadata, template)
    if chosen not in DIALECTS:
        raise ModelFileError(
            path,
            f"the model speaks the dialect {chosen!r}",
            f"{', '.join(DIALECTS)}; a newer Scrubjay may know it",
        )
    if chosen not in (DIALECT, PLAIN, "tinyagent") and template is None:
        problem = f"the dialect {chosen!r} needs a chat template and this file has none"
        raise ModelFileError(path, problem, f"the dialect {PLAIN!r} for this file")
    return str(chosen)


def _guess(metadata: Metadata, template: str | None) -> str:
    if "tinyagent" in str(metadata.get("general.name", "")).lower().replace("-", ""):
        return "tinyagent"
    if template is None:
        return PLAIN
    for trait in TRAITS:
        if all(text in template for text in trait.all_of) and not any(t in template for t in trait.none_of):
            return trait.dialect
    return PLAN
