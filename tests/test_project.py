"""The project as a whole: how it installs and imports."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args
from zipfile import ZipFile

import scrubjay
from scrubjay import events

ROOT = Path(__file__).parent.parent


def test_importing_scrubjay_loads_no_engine_and_no_schema_library() -> None:
    code = "import sys, scrubjay; print([m for m in ('llama_cpp', 'pydantic', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_every_name_of_the_front_page_can_be_imported() -> None:
    for name in scrubjay.__all__:
        assert getattr(scrubjay, name) is not None


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    assert not hasattr(scrubjay, "no_such_name")


def test_no_top_level_tools_or_models_can_be_imported_from_elsewhere(tmp_path: Path) -> None:
    code = "import scrubjay.tools, importlib.util as u; print(u.find_spec('tools'), u.find_spec('models'))"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == "None None\n"


def test_every_folder_with_modules_is_named_as_a_package() -> None:
    here = {ROOT / part for part in ("agent", "apps", "models", "retrieval", "tools")}
    folders = {path.parent for part in here for path in part.rglob("__init__.py")}
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert {".".join(("scrubjay", *folder.relative_to(ROOT).parts)) for folder in folders} == set(named[1:])


def test_a_wheel_installs_scrubjay_and_nothing_else(tmp_path: Path) -> None:
    # setuptools builds inside the tree it is given, so it is given a copy.
    source = shutil.copytree(ROOT, tmp_path / "copy", ignore=shutil.ignore_patterns(".*", "build", "runs"))
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(source)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0].removesuffix("-0.1.0.dist-info") for name in names} == {"scrubjay"}
    assert "scrubjay/tools/__init__.py" in names
    assert "scrubjay/models/weights/planner.gguf" in names
    assert not [name for name in names if name.startswith(("scrubjay/tests", "scrubjay/examples"))]


def test_the_example_in_the_readme_is_the_one_that_runs() -> None:
    assert (ROOT / "examples" / "twelve_lines.py").read_text() in (ROOT / "README.md").read_text()


def test_every_path_that_the_readme_names_exists() -> None:
    tree = (ROOT / "README.md").read_text().split("## Where things are")[1]
    paths = re.findall(r"[\w./]+/(?:\w+\.py)?", tree)
    assert paths
    for path in paths:
        assert (ROOT / path).exists() or (ROOT / "models" / path).exists(), path


def test_make_test_installs_every_debian_package_that_a_test_asks_for() -> None:
    listed = {
        tuple(line.split()[:2])
        for line in (ROOT / "tests" / "debian-packages.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    marker = re.compile(r'mark\.debian\("([^"]+)", "([^"]+)"\)')
    asked = {pair for path in (ROOT / "tests").rglob("*.py") for pair in marker.findall(path.read_text())}
    assert asked <= listed


def test_every_event_can_be_imported_from_one_place() -> None:
    assert {kind.__name__ for kind in get_args(events.Event)} <= set(events.__all__)
