"""A LoRA adapter as a GGUF file: what it says about itself, and whether it fits a model.

Beside llama.cpp's own keys a file may carry ours:

- `scrubjay.adapter.base`: the weights it was trained on, as `scrubjay.weights` names them in a model's file;
- `scrubjay.adapter.prompt` = "base": the prompt was read by the model alone, so that its KV is shared. The
  invocation tokens of an activated LoRA (arXiv 2504.12397) say the same: it is off until they are read;
- `scrubjay.adapter.kind`: what it is for, such as "reasoning";
- `scrubjay.adapter.tools`: how many tools it has learnt to think beside; more are not shown to it.
- `scrubjay.adapter.sums`: its thoughts expect that what they write down is worked out for them (`sums.py`).
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from .adapter_data import check_data
from .errors import AdapterError
from .metadata import MOST_NUMBERS, Header, Metadata, Tensor, read_header

EXPECTED = "a LoRA adapter in GGUF format (version 2 or 3, little-endian), whole"
INVOCATION = "adapter.alora.invocation_tokens"
BASE = "scrubjay.adapter.base"
PROMPT = "scrubjay.adapter.prompt"
KIND = "scrubjay.adapter.kind"
SUMS = "scrubjay.adapter.sums"
TOOLS = "scrubjay.adapter.tools"
_ALPHA = "adapter.lora.alpha"
_EMBEDDING = "token_embd.weight"


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
    most_tools: int | None = None


def read_adapter(path: Path, model: Path, name: str | None = None) -> AdapterFile:
    """Read an adapter for the model in the file `model`; its name is the file's unless another is given.

    Raises `AdapterError` with the reason where it cannot be used with this model or llama.cpp could not bear
    what it holds, and `ModelFileError` where it is no GGUF file, or damaged or cut short.
    """
    header, base = read_header(path, EXPECTED), read_header(model)
    _check_kind(path, header.metadata, base.metadata)
    alpha, invocation = _check_values(path, header)
    ranks = _check_tensors(path, header, base)
    content = path.read_bytes()
    check_data(path, _matrices(header), content, header.data)
    metadata = header.metadata
    return AdapterFile(
        path=path,
        name=name or path.stem,
        kind=str(metadata.get(KIND, "")),
        description=str(metadata.get("general.description", "")),
        identity=hashlib.sha256(content).hexdigest()[:16],
        base=str(metadata.get(BASE, "")),
        rank=max(ranks),
        alpha=alpha,
        invocation=invocation,
        prompt_by_base=bool(invocation) or metadata.get(PROMPT) == "base",
        nbytes=len(content),
        sums=metadata.get(SUMS) is True,
        most_tools=tools if type(tools := metadata.get(TOOLS)) is int and tools > 0 else None,
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


def _check_values(path: Path, header: Header) -> tuple[float, tuple[int, ...]]:
    """Alpha and the invocation tokens; raises `AdapterError` for values that are not what llama.cpp reads."""
    for key, wanted in {_ALPHA: "FLOAT32", INVOCATION: "UINT32[]"}.items():
        if (found := header.types.get(key, wanted)) != wanted:
            raise AdapterError(path, f"{key} is of the type {found}, and must be {wanted}")
    alpha = float(header.metadata.get(_ALPHA, 0.0))
    if not math.isfinite(alpha):
        raise AdapterError(path, f"{_ALPHA} is {alpha}, and must be a finite number")
    if INVOCATION in header.types and INVOCATION not in header.arrays:
        raise AdapterError(path, f"{INVOCATION} holds more than {MOST_NUMBERS} tokens")
    return alpha, header.arrays.get(INVOCATION, ())


def _check_tensors(path: Path, header: Header, base: Header) -> list[int]:
    """The rank of every pair of matrices; raises `AdapterError` for one that fits nothing in the base."""
    ranks = []
    names = [name.removesuffix(".lora_a").removesuffix(".lora_b") for name in _matrices(header)]
    for target in dict.fromkeys(names):
        a, b = header.tensors.get(f"{target}.lora_a"), header.tensors.get(f"{target}.lora_b")
        if a is None or b is None:
            raise AdapterError(path, f"of the pair {target}.lora_a and .lora_b one is missing")
        whole = base.tensors.get(target)
        if whole is None:
            raise AdapterError(path, f"it changes {target}, which this model does not have")
        if not _fits(a, b, whole, embedding=target == _EMBEDDING):
            raise AdapterError(
                path,
                f"{target} is {_size(whole)} in this model, and the adapter's pair is {_size(a)}, {_size(b)}",
            )
        if b.shape[0] < 1:
            raise AdapterError(path, f"the pair of {target} has the rank 0; it must be at least 1")
        if target == _EMBEDDING and "output.weight" not in base.tensors:
            raise AdapterError(path, f"it changes {target}, with which this model also writes")
        ranks.append(b.shape[0])
    if not ranks:
        raise AdapterError(path, "it holds no matrices")
    return ranks


def _matrices(header: Header) -> dict[str, Tensor]:
    """All tensors but the weights of norms, which llama.cpp passes over."""
    return {name: tensor for name, tensor in header.tensors.items() if not name.endswith("_norm.weight")}


def _fits(a: Tensor, b: Tensor, whole: Tensor, embedding: bool) -> bool:
    if any(len(tensor.shape) != 2 for tensor in (a, b, whole)):
        return False
    if embedding:  # llama.cpp wants these the other way round
        return (whole.shape[0], whole.shape[1]) == (b.shape[1], a.shape[1]) and a.shape[0] == b.shape[0]
    return (whole.shape[0], whole.shape[1]) == (a.shape[0], b.shape[1]) and a.shape[1] == b.shape[0]


def _size(tensor: Tensor) -> str:
    return " by ".join(map(str, tensor.shape))
