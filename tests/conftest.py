"""What every test gets."""

import asyncio
import inspect
import os
import shutil
import signal
from glob import glob

import pytest


def pytest_configure() -> None:
    """Ctrl-C works in the programs that tests start, even where a shell started pytest with it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def user_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> object:
    """What is cached (findings about this machine, computed segments) stays out of the user's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `debian(package, command)` is skipped where the command is missing; on CI it fails.

    A command with a slash in it is the pattern of a file's path.
    """
    for marker in item.iter_markers("debian"):
        package, command = marker.args
        if glob(command) if "/" in command else shutil.which(command):
            continue
        missing = f"needs `{command}` from the Debian package {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests, each on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
