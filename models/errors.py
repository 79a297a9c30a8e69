"""What can go wrong between a prompt and its text. Each message says what to do next."""

from pathlib import Path


class ModelError(Exception):
    """The model could not be loaded, or could not write."""


class ModelFileError(ModelError):
    """A model file is missing, cut short, or not of a kind that can be used."""

    def __init__(self, path: Path, problem: str, expected: str) -> None:
        super().__init__(f"{path}: {problem}. Expected: {expected}.")
        self.path = path
        self.problem = problem
        self.expected = expected


class AdapterError(ModelError):
    """An adapter's file cannot be used with the model; the message says why."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}.")
        self.path = path
        self.problem = problem


class UnknownAdapterError(ModelError):
    """A generation names an adapter that is not loaded."""


class RequestTooLongError(ModelError):
    """The prompt alone does not fit into the context."""


class ContextFullError(ModelError):
    """The context ran out of room while text was being written."""


class GrammarError(ModelError):
    """The grammar of the next line is not one that llguidance accepts, or it leaves no way to go on."""


class NativeError(ModelError):
    """llama.cpp itself failed, or cannot run on this machine."""


class EngineClosedError(ModelError):
    """The engine was closed, before or while text was being written."""


class TemplateError(ModelError):
    """A model's chat template is broken, or refuses the conversation it was given."""


class RemoteError(ModelError):
    """A bigger machine could not be asked, or its answer is of no use."""
