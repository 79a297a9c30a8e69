"""`scrubjay doctor`: what works on this machine, and what the rest needs."""

import asyncio
import platform
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ..agent.planner import Planner, current_facts
from ..models.catalog import BUNDLED, Catalog
from ..models.library import silence
from ..models.metadata import read_metadata
from ..models.probe import repacking_is_safe
from ..tools.builtin import builtin_tools
from .opening import load_engine
from .setting import data_folder_option, model_option

REQUEST = "what time is it"

_NAME = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"extra == ['\"](\w+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    works: None for what is not needed and not there. remedy: what to do about it, where something is missing.
    """

    name: str
    works: bool | None
    detail: str
    remedy: str = ""


@click.command()
@model_option
@data_folder_option
def doctor(model: Path | None, data_folder: Path) -> int:
    """Say what works on this machine, and what the rest needs. Exit code 0: everything needed works."""
    console = Console(highlight=False)
    needed = True
    for finding in _findings(model, data_folder):
        _print(console, finding)
        needed = needed and finding.works is not False
    return 0 if needed else 1


def _findings(model: Path | None, data_folder: Path) -> Iterator[Finding]:
    """Every finding, each as soon as it is known; what builds on something broken is not looked at."""
    yield Finding("Python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _llama_cpp()
    yield _data_folder(data_folder)
    try:
        path = Catalog().find(str(model or BUNDLED))
        yield _repacking(path)
        yield from asyncio.run(_planning(path, data_folder))
    except Exception as error:  # whatever is broken is what the doctor is for
        yield Finding("model", False, str(error) or type(error).__name__, "name a GGUF file with --model")
    yield from _extras()


def _llama_cpp() -> Finding:
    import llama_cpp  # after scrubjay.models, which says how its threads wait

    silence()
    told = llama_cpp.llama_print_system_info().decode().replace(" = 1", "")
    features = " ".join(word for word in told.split() if word.strip("|:"))
    return Finding("llama.cpp", True, f"llama-cpp-python {llama_cpp.__version__}, {features}")


def _repacking(model: Path) -> Finding:
    if repacking_is_safe(model, read_metadata(model)):
        return Finding("AMX", True, "this build is safe here: weights may be repacked, which is fastest")
    return Finding(
        "AMX",
        None,
        "this build crashes with repacked weights (llama.cpp issue 20824), so they are used as they are",
        "models/build_llama.sh builds one that reads prompts faster",
    )


def _data_folder(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return Finding("data", False, f"{folder} cannot be written: {error}", "another: --data-folder")
    return Finding("data", True, f"{folder} can be written")


async def _planning(path: Path, data_folder: Path) -> list[Finding]:
    started = time.perf_counter()
    async with await load_engine(path) as engine:
        loaded = time.perf_counter()
        written = await Planner(engine).write(REQUEST, builtin_tools(data_folder), facts=current_facts())
        planned = time.perf_counter()
    ms = (planned - loaded) * 1000
    return [
        Finding("model", True, f"{path} loads in {(loaded - started) * 1000:.0f} ms"),
        Finding("plan", True, f"“{REQUEST}” planned in {ms:.0f} ms, {written.tokens} tokens"),
    ]


def _extras() -> Iterator[Finding]:
    """What can be installed besides, from what the package itself says it needs."""
    needs: dict[str, list[str]] = {}
    for requirement in metadata.requires("scrubjay") or []:
        package, belongs = _NAME.match(requirement), _EXTRA.search(requirement)
        if package and belongs and belongs[1] != "dev":
            needs.setdefault(belongs[1], []).append(package[0])
    for extra, names in needs.items():
        missing = [name for name in names if not _installed(name)]
        if missing:
            install = f"pip install 'scrubjay[{extra}]'"
            yield Finding(extra, None, f"not installed ({', '.join(missing)})", install)
        else:
            yield Finding(extra, True, "installed")


def _installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


def _print(console: Console, finding: Finding) -> None:
    mark, style = {True: ("ok", "green"), False: ("no", "bold red"), None: ("--", "yellow")}[finding.works]
    line = Text.assemble((f"{mark}  ", style), (f"{finding.name:<12}", "bold"), finding.detail)
    console.print(line, soft_wrap=not console.is_terminal)
    if finding.remedy:
        console.print(Text(f"{'':16}→ {finding.remedy}", style="dim"), soft_wrap=not console.is_terminal)
