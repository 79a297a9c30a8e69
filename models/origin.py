"""Where KV comes from: everything besides a segment's key that its numbers depend on."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Self

import llama_cpp

from .batch import PROMPT_TOKENS
from .fingerprint import fingerprint
from .kv_types import KVType
from .library import Model
from .machine import llama_build, processor

FORMAT = "2"


@dataclass(frozen=True)
class Origin:
    """KV of one origin may be read by another engine of the same origin, and by no other."""

    model: str
    """The fingerprint of the model's file."""
    kv_type: str
    flash_attention: str
    repacked: str
    llama_cpp: str
    build: str
    processor: str
    together: str = str(PROMPT_TOKENS)
    """How many tokens shared a batch: sums are rounded accordingly."""
    format: str = FORMAT

    @classmethod
    def here(cls, model: Model, kv_type: KVType, flash_attention: bool, together: int) -> Self:
        """The origin of what this model computes in this process, `together` tokens in a batch."""
        return cls(
            model=fingerprint(model.path),
            kv_type=kv_type,
            flash_attention=str(flash_attention),
            repacked=str(model.repacked),
            llama_cpp=str(llama_cpp.__version__),
            build=llama_build(),
            processor=processor(),
            together=str(together),
        )

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that are the same for the same origin only."""
        return hashlib.sha256(self.to_json().encode()).digest()

    @property
    def name(self) -> str:
        """A short name for a folder."""
        return self.digest.hex()[:16]

    def to_json(self) -> str:
        """As `from_json` reads it."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError or TypeError for anything that is not an origin."""
        return cls(**json.loads(text))

    def differences(self, other: Self) -> Iterator[str]:
        """What sets two origins apart, in words."""
        words = {
            "kv_type": "KV type",
            "flash_attention": "attention",
            "repacked": "order of weights",
            "together": "size of batches",
        }
        for field in fields(self):
            if getattr(self, field.name) != getattr(other, field.name):
                yield words.get(field.name, field.name.replace("_", "."))
