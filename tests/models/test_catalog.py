"""Models by name: pulled from a hub that may break, added, found and removed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub.constants
import pytest

from scrubjay.models.catalog import Catalog, CatalogError, bundled_planner
from scrubjay.models.errors import ModelError, ModelFileError
from scrubjay.models.pull import PullError, pull

from .hub_server import Hub, running_hub

NAME = "owner/repo/model-Q4_K_M.gguf"


@pytest.fixture
def hub(planner: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.5)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_ETAG_TIMEOUT", 0.5)
    monkeypatch.setattr(huggingface_hub.constants, "DEFAULT_REQUEST_TIMEOUT", 0.5)
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 4096)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    data = planner.read_bytes()
    with running_hub({NAME: data, "owner/repo/model-Q8_0.gguf": data, "owner/repo/README.md": b"x"}) as hub:
        yield hub


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "models")


def test_a_model_is_pulled_whole_and_found_by_its_name(hub: Hub, catalog: Catalog) -> None:
    entry = pull("owner/repo/model-Q8_0.gguf", catalog, hub.url)
    assert catalog.find("model-q8_0") == entry.path
    assert entry.path.read_bytes() == hub.files[NAME]
    assert catalog.installed()["model-q8_0"].source == "owner/repo/model-Q8_0.gguf"
    assert not (catalog.folder / "unfinished").exists() or not list(catalog.folder.glob("unfinished/*"))


def test_of_several_files_the_smallest_good_one_is_taken(hub: Hub, catalog: Catalog) -> None:
    assert pull("owner/repo", catalog, hub.url).name == "model-q4_k_m"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("404", "the hub has no"),
        ("500", "the hub answered 500"),
        ("half", "did not come whole"),
        ("stalled", "did not come whole"),
        ("silent", "did not come whole"),
        ("checksum", "wrong checksum"),
    ],
)
def test_a_hub_that_breaks_leaves_no_broken_model_and_works_next_time(
    hub: Hub, catalog: Catalog, fault: str, told: str
) -> None:
    hub.fault = fault
    with pytest.raises(PullError, match=told):
        pull(NAME, catalog, hub.url)
    assert catalog.installed() == {}
    assert not list(catalog.folder.glob("*.gguf"))
    hub.fault = ""
    assert pull(NAME, catalog, hub.url).path.read_bytes() == hub.files[NAME]


@pytest.mark.parametrize(
    ("fault", "wanted", "told"),
    [
        ("portal", "owner/repo", "is no hub"),
        ("portal", NAME, "is no hub"),
        ("shape", "owner/repo", "is no hub"),
        ("huge", NAME, "1000000.0 GB are to come, and .* has room for"),
    ],
)
def test_an_answer_that_no_hub_would_give_is_told_and_what_had_come_is_kept(
    hub: Hub, catalog: Catalog, fault: str, wanted: str, told: str
) -> None:
    hub.fault = "half"
    with pytest.raises(PullError):
        pull(NAME, catalog, hub.url)
    hub.fault, hub.ranges[:] = fault, []
    with pytest.raises(PullError, match=told):
        pull(wanted, catalog, hub.url)
    assert hub.ranges == []
    hub.fault = ""
    assert pull(NAME, catalog, hub.url).path.read_bytes() == hub.files[NAME]
    assert hub.ranges[0], "it was taken up where it broke off"


def test_what_is_too_large_for_a_transfer_is_told_with_a_way_out(
    hub: Hub, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "MAX_HTTP_DOWNLOAD_SIZE", 1000)
    with pytest.raises(PullError, match=r"cannot be pulled.*scrubjay models add"):
        pull(NAME, catalog, hub.url)
    assert hub.ranges == []


@pytest.mark.parametrize("endpoint", ["http://[::1", "nonsense", "ftp://here"])
def test_what_is_no_address_is_told(catalog: Catalog, endpoint: str) -> None:
    with pytest.raises(PullError, match="the address of the hub is none"):
        pull(NAME, catalog, endpoint)


def test_half_a_file_is_taken_up_where_it_broke_off(hub: Hub, catalog: Catalog) -> None:
    hub.fault = "half"
    with pytest.raises(PullError, match=r"[0-9.]+ MB are here already"):
        pull(NAME, catalog, hub.url)
    hub.fault, hub.ranges[:] = "", []
    pull(NAME, catalog, hub.url)
    start = int(str(hub.ranges[0]).removeprefix("bytes=").split("-")[0])
    assert start >= len(hub.files[NAME]) // 2 - 4096  # what had not filled a buffer is asked for again


def test_of_two_pulls_at_once_one_is_refused_and_the_other_installs_a_whole_file(
    hub: Hub, catalog: Catalog
) -> None:
    hub.fault = "stalled"
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(pull, NAME, catalog, hub.url)
        while not hub.ranges:
            time.sleep(0.01)
        with pytest.raises(CatalogError, match="already being pulled"):
            pull(NAME, Catalog(catalog.folder), hub.url)
        hub.fault = ""
        assert first.result().path.read_bytes() == hub.files[NAME]
    assert pull(NAME, catalog, hub.url).path.read_bytes() == hub.files[NAME]


def test_what_is_no_model_is_not_kept(hub: Hub, catalog: Catalog) -> None:
    hub.files[NAME] = b"<html>please log in</html>"
    with pytest.raises(PullError, match="is no model: this is not a GGUF file"):
        pull(NAME, catalog, hub.url)
    assert catalog.installed() == {}
    with pytest.raises(PullError, match="the hub has no nobody/nothing"):
        pull("nobody/nothing", catalog, hub.url)
    with pytest.raises(PullError, match="no listed model"):
        pull("nothing", catalog, hub.url)


def test_a_hub_that_is_not_there_is_told(catalog: Catalog) -> None:
    with pytest.raises(PullError, match="did not come whole"):
        pull(NAME, catalog, "http://127.0.0.1:9")


def test_a_file_elsewhere_is_added_and_stays_when_it_is_removed(planner: Path, catalog: Catalog) -> None:
    catalog.add(planner, "mine")
    assert catalog.find("mine") == planner.resolve()
    with pytest.raises(CatalogError, match="already"):
        catalog.add(bundled_planner(), "mine")
    catalog.remove("mine")
    assert planner.exists()
    with pytest.raises(CatalogError, match="known are planner"):
        catalog.find("mine")


def test_several_programs_that_add_at_once_lose_no_entry(planner: Path, catalog: Catalog) -> None:
    adding = (
        "import sys; from pathlib import Path; from scrubjay.models.catalog import Catalog\n"
        "folder, file, letter = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]\n"
        "for number in range(20): Catalog(folder).add(file, letter + str(number))"
    )
    command = [sys.executable, "-c", adding, str(catalog.folder), str(planner)]
    programs = [subprocess.Popen([*command, letter]) for letter in "abc"]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    assert set(catalog.installed()) == {f"{letter}{number}" for letter in "abc" for number in range(20)}


def test_a_pulled_file_goes_with_its_name(hub: Hub, catalog: Catalog) -> None:
    entry = pull(NAME, catalog, hub.url)
    catalog.remove(entry.name)
    assert not entry.path.exists()
    with pytest.raises(CatalogError, match="scrubjay models list"):
        catalog.remove(entry.name)


def test_a_file_of_the_same_name_from_another_repository_replaces_nothing(
    hub: Hub, catalog: Catalog, planner: Path
) -> None:
    first = pull(NAME, catalog, hub.url)
    other = NAME.replace("owner/repo", "other/repo")
    hub.files[other] = planner.read_bytes() + b"another"
    hub.ranges.clear()
    with pytest.raises(
        CatalogError, match=f"'model-q4_k_m' already, from {NAME}; give another name with --name"
    ):
        pull(other, catalog, hub.url)
    assert hub.ranges == []
    assert catalog.installed() == {first.name: first}
    assert first.path.read_bytes() == hub.files[NAME]


def test_a_name_of_ones_own_lets_both_stay(hub: Hub, catalog: Catalog, planner: Path) -> None:
    other = NAME.replace("owner/repo", "other/repo")
    hub.files[other] = planner.read_bytes() + b"another"
    entries = [pull(NAME, catalog, hub.url), pull(other, catalog, hub.url, "second")]
    for entry in entries:
        assert catalog.find(entry.name).read_bytes() == hub.files[entry.source]
    catalog.remove(entries[0].name)
    assert catalog.find("second").read_bytes() == hub.files[other]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("planner.gguf", "'planner' is the bundled model; give another name with --name"),
        ("My Model (v2).gguf", "cannot be a name; .* with --name"),
        ("models.json", "models.json is no GGUF file"),
    ],
)
def test_a_name_that_cannot_be_is_told_before_anything_comes(
    hub: Hub, catalog: Catalog, planner: Path, file: str, told: str
) -> None:
    catalog.add(planner, "mine")
    hub.files[f"owner/repo/{file}"] = planner.read_bytes()
    with pytest.raises(ModelError, match=told):
        pull(f"owner/repo/{file}", catalog, hub.url)
    assert hub.ranges == []
    assert set(catalog.installed()) == {"mine"}


def test_a_model_that_cannot_be_listed_leaves_no_file_among_the_others(
    hub: Hub, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Catalog, "_write", fail)
        with pytest.raises(OSError, match="no space left"):
            pull(NAME, catalog, hub.url)
    assert not list(catalog.folder.glob("*.gguf"))
    hub.ranges.clear()
    assert pull(NAME, catalog, hub.url).path.read_bytes() == hub.files[NAME]
    assert hub.ranges == [], "what had come was kept"


def test_a_newer_version_of_the_same_file_takes_the_place_of_the_old_one(hub: Hub, catalog: Catalog) -> None:
    first = pull(NAME, catalog, hub.url)
    hub.files[NAME] += b"newer"
    assert pull(NAME, catalog, hub.url) == first
    assert first.path.read_bytes() == hub.files[NAME]
    assert catalog.add(first.path, first.name).ours, "adding it where it lies does not make it another's"


def test_a_file_that_nobody_listed_is_not_overwritten(hub: Hub, catalog: Catalog, planner: Path) -> None:
    catalog.folder.mkdir()
    mine = catalog.folder / "model-q4_k_m.gguf"
    mine.write_bytes(planner.read_bytes() + b"mine")
    with pytest.raises(CatalogError, match="is in the way"):
        pull(NAME, catalog, hub.url)
    assert hub.ranges == []
    assert mine.read_bytes().endswith(b"mine")


def test_a_file_that_another_entry_has_as_well_stays_when_one_is_removed(hub: Hub, catalog: Catalog) -> None:
    entry = pull(NAME, catalog, hub.url)
    catalog.add(entry.path, "second")
    assert not catalog.remove(entry.name).ours
    assert catalog.find("second").is_file()
    catalog.remove("second")
    assert entry.path.is_file()


def test_names_and_paths_are_both_found(planner: Path, catalog: Catalog, tmp_path: Path) -> None:
    assert catalog.find("planner") == bundled_planner()
    assert catalog.find(str(planner)) == planner
    with pytest.raises(CatalogError, match="scrubjay models pull qwen"):
        catalog.find("qwen2.5-0.5b")
    with pytest.raises(ModelFileError):
        catalog.add(tmp_path / "nothing.gguf")
    with pytest.raises(CatalogError, match="cannot be a name"):
        catalog.add(planner, "../x")
    (catalog.folder).mkdir()
    (catalog.folder / "models.json").write_text("{")
    with pytest.raises(CatalogError, match="delete it"):
        catalog.installed()
