"""An adapter's file made ready on an engine that others may use, too."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ..models.adapter_file import AdapterFile, read_adapter
from ..models.errors import AdapterError

if TYPE_CHECKING:
    from .thinker import AdaptableEngine


async def loaded_adapter(engine: AdaptableEngine, path: Path) -> AdapterFile:
    """The adapter of the file `path` as the engine has it: loaded now, unless one of the same content is.

    Where another adapter has its name it gets one with a number. Raises `AdapterError` and `ModelFileError`
    as `read_adapter`, and where llama.cpp refuses it.
    """
    file = await asyncio.to_thread(read_adapter, path, engine.path)
    while True:
        for loaded in engine.adapters:
            if loaded.identity == file.identity:
                return loaded
        name = _free_name(file.name, engine)
        try:
            return await engine.add_adapter(path, name)
        except AdapterError:
            if name not in _names(engine):  # else somebody else has loaded one of that name meanwhile
                raise


def _free_name(name: str, engine: AdaptableEngine) -> str:
    taken = _names(engine)
    return next(free for number in count(1) if (free := _numbered(name, number)) not in taken)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _names(engine: AdaptableEngine) -> set[str]:
    return {file.name for file in engine.adapters}
