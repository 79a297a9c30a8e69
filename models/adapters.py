"""Adapters that are loaded beside a model, and the one that is switched on in its context."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import llama_cpp

from .adapter_file import AdapterFile
from .errors import AdapterError, UnknownAdapterError
from .library import Model, forget_errors, last_errors

if TYPE_CHECKING:
    from .context import Context


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """An adapter for one generation, by its name, and how strongly it acts: 1 as it was trained, 0 not."""

    name: str
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.scale):
            raise ValueError(f"the scale of {self.name} is {self.scale}; it must be a finite number")


@dataclass(frozen=True, slots=True, eq=False)
class LoadedAdapter:
    """An adapter in memory; `pointer` is llama.cpp's."""

    file: AdapterFile
    pointer: Any


@dataclass(frozen=True, slots=True)
class Switch:
    """What a generation needs to be switched on: a loaded adapter and its scale."""

    adapter: LoadedAdapter
    scale: float

    @property
    def reads_prompt(self) -> bool:
        """Whether the prompt is read under it; its KV is then its own."""
        return not self.adapter.file.prompt_by_base

    @property
    def identity(self) -> str:
        """Of the KV that is computed under it."""
        return f"{self.adapter.file.identity}@{self.scale:g}"

    def starts_at(self, tokens: tuple[int, ...], prompt: int) -> int:
        """From which of `tokens` on it is on, when the model alone reads the prompt.

        tokens: the prompt's last ones, `prompt` in number, and those that are forced after them.

        An activated LoRA is on from the last time that its invocation tokens are read; where they are not
        there it stays off, and this is the number of tokens. Others read the prompt's last token, after
        which they write.
        """
        invocation = self.adapter.file.invocation
        if not invocation:
            return prompt - 1
        for start in range(len(tokens) - len(invocation), -1, -1):
            if tokens[start : start + len(invocation)] == invocation:
                return start
        return len(tokens)


class Adapters:
    """The adapters of one loaded model. For the engine's thread alone, but for `files`."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._loaded: dict[str, LoadedAdapter] = {}

    @property
    def files(self) -> tuple[AdapterFile, ...]:
        """What is loaded, in the order of loading."""
        return tuple(adapter.file for adapter in self._loaded.values())

    def add(self, file: AdapterFile) -> None:
        """Load an adapter. Raises `AdapterError` for a name that is taken, or where llama.cpp refuses it."""
        if file.name in self._loaded:
            raise AdapterError(file.path, f"an adapter called {file.name!r} is loaded; give it another name")
        forget_errors()
        pointer = llama_cpp.llama_adapter_lora_init(self._model.pointer, os.fsencode(file.path))
        if not pointer:  # a typed pointer: one to nothing is false, and not None
            raise AdapterError(file.path, f"llama.cpp cannot load it ({last_errors() or 'no reason given'})")
        self._loaded[file.name] = LoadedAdapter(file, pointer)

    def get(self, use: AdapterUse | None) -> Switch | None:
        """What `use` names. Scale 0 is the model alone. Raises `UnknownAdapterError`."""
        if use is None:
            return None
        if use.name not in self._loaded:
            names = ", ".join(self._loaded) or "none"
            raise UnknownAdapterError(f"no adapter {use.name!r} is loaded, only: {names}")
        return Switch(self._loaded[use.name], use.scale) if use.scale else None

    def remove(self, name: str, context: Context) -> None:
        """Free an adapter that nothing uses. Raises `UnknownAdapterError`."""
        switch = self.get(AdapterUse(name))
        assert switch is not None
        context.switch(None)
        del self._loaded[name]
        llama_cpp.llama_adapter_lora_free(switch.adapter.pointer)
