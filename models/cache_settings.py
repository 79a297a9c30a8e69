"""How much a cache of computed segments may take, and where."""

from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, Field

from .kv_types import KVType
from .metadata import Metadata

MIB = 2**20


class CacheSettings(BaseModel):
    """One budget in bytes for each level of `KVStore`, and how exactly KV is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context_bytes: int | None = Field(
        default=None,
        ge=0,
        description="for segments that stay in the context though nobody uses them; each slows every token"
        " down a little. None: 512 tokens for models with parallel segments, half the context for others",
    )
    memory_bytes: int = Field(default=256 * MIB, ge=0, description="for copies beside the context")
    disk_bytes: int = Field(
        default=2048 * MIB, ge=0, description="for all models together; 0: nothing is kept on disk"
    )
    folder: Path | None = Field(default=None, description="None: `kv` in the user's cache folder")
    kv_type: KVType | None = Field(
        default=None, description="None: what the model's file names as `scrubjay.kv_type`, else f16"
    )
    shifted: bool = Field(
        default=False,
        description="models that read tools in order have them computed apart and moved into place: fast, and"
        " only about right; `scrubjay verify-cache --shifted` measures it for a model",
    )

    @property
    def files_folder(self) -> Path:
        """Where files go."""
        return self.folder or platformdirs.user_cache_path("scrubjay") / "kv"

    def type_for(self, metadata: Metadata) -> KVType:
        """How exactly a model's KV is kept."""
        return self.kv_type or KVType(str(metadata.get("scrubjay.kv_type", KVType.F16)))


IN_MEMORY = CacheSettings(disk_bytes=0)
"""Nothing on disk."""
