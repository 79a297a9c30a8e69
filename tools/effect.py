"""What a tool does to the world."""

from enum import StrEnum


class Effect(StrEnum):
    """A tool's effect, from harmless to grave; what asks for consent is the agent's policy."""

    READ = "read"
    """Looks something up and changes nothing."""
    WRITE = "write"
    """Changes or adds something on this machine."""
    SEND = "send"
    """Tells someone else something, which cannot be taken back."""
    DESTROY = "destroy"
    """Loses something for good."""
