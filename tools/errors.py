"""What can go wrong with a tool; every message says what to do next."""

from collections.abc import Sequence


class ToolError(Exception):
    """Everything below. Running the same call again without a change gives the same error."""


class ToolDefinitionError(ToolError):
    """A tool is not well-formed: its name, schema, signature, docstring or `say` template. For its author."""


class DuplicateToolError(ToolDefinitionError):
    """A tool of that name is registered already."""


class PluginError(ToolError):
    """A plug-in of the entry-point group `scrubjay.tools` could not be used."""


class UnknownToolError(ToolError):
    """No tool of that name is registered."""


class ToolArgumentError(ToolError):
    """The arguments of a call don't fit the tool's parameters; nothing was run."""


class ToolResultError(ToolError):
    """The tool ran, but returned something else than it declares."""


class ToolFailed(ToolError):
    """The tool could not do what it was asked. Tools raise it; the person sees the message as it is."""


class ToolQuestion(ToolFailed):
    """The tool can go on once the person has answered: "Which Sid: Sid Jha or Sid Rao?".

    `choices` are the answers that the question offers, in its order (it may be empty).
    """

    def __init__(self, question: str, choices: Sequence[str] = ()) -> None:
        super().__init__(question)
        self.question = question
        self.choices = tuple(choices)


class MaybeSent(Exception):
    """The connection broke while something was being sent: it may be on its way or lost. No ToolError, for
    nobody knows whether it happened; it is told so, and never tried again by itself."""
