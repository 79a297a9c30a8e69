"""The desktop voice assistant: `scrubjay voice`."""

from .command import voice

__all__ = ["voice"]
