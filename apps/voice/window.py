"""The window."""

from .starting import Choices


def show_window(choices: Choices) -> int:
    """Later."""
    raise NotImplementedError
