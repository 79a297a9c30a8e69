"""A LoRA adapter as a GGUF file: what it says about itself, and whether it fits a model.

Beside llama.cpp's own keys a file may carry ours:

- `scrubjay.adapter.base`: the weights it was trained on, as `scrubjay.weights` names them in a model's file;
- `scrubjay.adapter.prompt` = "base": the prompt was read by the model alone, so that its KV is shared. The
  invocation tokens of an activated LoRA (arXiv 2504.12397) say the same: it is off until they are read;
- `scrubjay.adapter.kind`: what it is for, such as "reasoning";
- `scrubjay.adapter.sums`: its thoughts expect that what they write down is worked out for them (`sums.py`).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .errors import AdapterError
from .metadata import Header, Metadata, Tensor, read_header

INVOCATION = "adapter.alora.invocation_tokens"
BASE = "scrubjay.adapter.base"
PROMPT = "scrubjay.adapter.prompt"
KIND = "scrubjay.adapter.kind"
SUMS = "scrubjay.adapter.sums"
_ALPHA = "adapter.lora.alpha"


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """An adapter that fits its model.

    identity: of its content; KV that it read is known by it. base: the weights it was trained on, "" where
    the file doesn't tell. invocation: the tokens that switch it on within a text, empty: on from the start.
    """

    path: Path
    name: str
    kind: str
    description: str
    identity: str
    base: str
    rank: int
    alpha: float
    invocation: tuple[int, ...]
    prompt_by_base: bool
    nbytes: int
    sums: bool = False


def read_adapter(path: Path, model: Path, name: str | None = None) -> AdapterFile:
    """Read an adapter for the model in the file `model`; its name is the file's unless another is given.

    Raises `AdapterError` with the reason where it cannot be used with this model, and `ModelFileError` where
    it is no GGUF file, or damaged or cut short.
    """
    header, base = read_header(path), read_header(model)
    _check_kind(path, header.metadata, base.metadata)
    ranks = _check_tensors(path, header, base)
    invocation = header.arrays.get(INVOCATION, ())
    metadata = header.metadata
    return AdapterFile(
        path=path,
        name=name or path.stem,
        kind=str(metadata.get(KIND, "")),
        description=str(metadata.get("general.description", "")),
        identity=hashlib.sha256(path.read_bytes()).hexdigest()[:16],
        base=str(metadata.get(BASE, "")),
        rank=max(ranks),
        alpha=float(metadata.get(_ALPHA, 0.0)),
        invocation=invocation,
        prompt_by_base=bool(invocation) or metadata.get(PROMPT) == "base",
        nbytes=path.stat().st_size,
        sums=bool(metadata.get(SUMS, False)),
    )


def base_identity(metadata: Metadata) -> str:
    """What adapters call the model with this metadata; "" for models that others made."""
    if weights := metadata.get("scrubjay.weights"):
        return str(weights)
    recipe, requests = metadata.get("scrubjay.recipe"), metadata.get("scrubjay.requests")
    return f"{recipe}-{requests}" if recipe and requests else ""


def _check_kind(path: Path, metadata: Metadata, base: Metadata) -> None:
    if metadata.get("general.type") != "adapter" or metadata.get("adapter.type") != "lora":
        raise AdapterError(path, "it is a GGUF file, but no LoRA adapter; name an adapter's file")
    architecture, wanted = metadata.get("general.architecture"), base.get("general.architecture")
    if architecture != wanted:
        raise AdapterError(path, f"it was made for {architecture} models, and this is a {wanted} model")
    trained_on, here = metadata.get(BASE), base_identity(base)
    if trained_on and here and trained_on != here:
        raise AdapterError(
            path,
            f"it was trained on other weights ({trained_on}) than this model's ({here});"
            " train it anew (`python -m scrubjay.models.training reasoning train`) or use its own model",
        )


def _check_tensors(path: Path, header: Header, base: Header) -> list[int]:
    """The rank of every pair of matrices; raises `AdapterError` for one that fits nothing in the base."""
    ranks = []
    names = [name for name in header.tensors if not name.endswith("_norm.weight")]
    for target in dict.fromkeys(name.removesuffix(".lora_a").removesuffix(".lora_b") for name in names):
        a, b = header.tensors.get(f"{target}.lora_a"), header.tensors.get(f"{target}.lora_b")
        if a is None or b is None:
            raise AdapterError(path, f"of the pair {target}.lora_a and .lora_b one is missing")
        whole = base.tensors.get(target)
        if whole is None:
            raise AdapterError(path, f"it changes {target}, which this model does not have")
        if not _fits(a, b, whole, embedding=target == "token_embd.weight"):
            raise AdapterError(
                path,
                f"{target} is {_size(whole)} in this model, and the adapter's pair is {_size(a)}, {_size(b)}",
            )
        ranks.append(min(a.shape))
    if not ranks:
        raise AdapterError(path, "it holds no matrices")
    return ranks


def _fits(a: Tensor, b: Tensor, whole: Tensor, embedding: bool) -> bool:
    if any(len(tensor.shape) != 2 for tensor in (a, b, whole)):
        return False
    if embedding:  # llama.cpp wants these the other way round
        return (whole.shape[0], whole.shape[1]) == (b.shape[1], a.shape[1]) and a.shape[0] == b.shape[0]
    return (whole.shape[0], whole.shape[1]) == (a.shape[0], b.shape[1]) and a.shape[1] == b.shape[0]


def _size(tensor: Tensor) -> str:
    return " by ".join(map(str, tensor.shape))
