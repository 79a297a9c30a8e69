"""Shifted segments: computed apart, and moved to the position that a prompt has them in.

Tools are computed as parallel segments are, each right after what stands before the first one. In a prompt
they stand one after the other, so all but the first are moved: llama.cpp turns their keys by the angle of as
many positions, as if they had been computed there. What they did not see, the tools before them, is missing
from them; for a model that was not trained on that, this is an approximation.
"""

from .context import Context
from .errors import NativeError
from .generation import Generation
from .store import KVStore


def put_in_a_row(context: Context, store: KVStore, generation: Generation, scratch: int) -> None:
    """Let a generation see its segments, all complete, one behind the other.

    Those that move are copied and released. scratch: a sequence that nobody uses. Raises `NativeError`.
    """
    store.bring_back(generation.segments)
    target, position = generation.stream.sequence, 0
    for segment in list(generation.segments):
        assert segment.stream is not None
        by = position - len(segment.key.before)
        position += len(segment.key.tokens)
        if not by:
            context.copy(segment.stream.sequence, target)
            continue
        if not context.restore(scratch, store.lend(segment)):
            raise NativeError("llama.cpp refuses cells that it has given")
        generation.segments.remove(segment)
        context.move(scratch, by)
        context.copy(scratch, target)
        context.remove(scratch)
