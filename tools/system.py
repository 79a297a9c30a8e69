"""The system app: applications, pages, volume, brightness, the screen, and how the computer is doing."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import psutil
from pydantic import Field

from .decorator import tool
from .desktop_apps import desktop_apps
from .effect import Effect
from .errors import ToolFailed, ToolQuestion
from .hardware import set_brightness, set_volume
from .opening import open_in_own_program, require_desktop, start
from .said.names import alike, listed, meant
from .screenshots import screenshot
from .storage import free_path, into_trash, write_new_file
from .web_address import Resolve, resolved, web_address

Percent = Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True, slots=True)
class System:
    """This computer and its desktop."""

    pictures: Path
    """Where screenshots go."""
    trash: Path
    private_pages: bool = False
    """Whether pages of this machine and its network may be opened."""
    open: Callable[[str], None] = open_in_own_program
    resolve: Resolve = resolved
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()

    @tool(effect=Effect.WRITE, state="system", say="{result}.", targets=("name",))
    def open_app(self, name: str) -> str:
        """Open an application.

        Args:
            name: Name of the application

        Returns:
            Confirmation
        """
        require_desktop()
        trouble = f"{name} does not start. Start it from a terminal to see why."
        if sys.platform == "darwin":
            start(["open", "-a", name], trouble)
            return f"Opened {name}"
        if sys.platform == "win32":
            raise ToolFailed("Applications cannot be opened on Windows yet. Use the Start menu.")
        apps = desktop_apps()
        names = {key: (app.name, *app.also_called) for key, app in apps.items()}
        found = meant(name, names) or meant(name, names, inflected=True)
        labels = {apps[key].name: key for key in found}
        if not found:
            close = list(dict.fromkeys(apps[key].name for key in alike(name, names)))
            if close:
                raise ToolQuestion(f"No application is called {name}. Did you mean {listed(close)}?", close)
            raise ToolFailed(f"No application is called {name}. Install it first.")
        if len(labels) > 1:
            raise ToolQuestion(f"Which {name}: {listed(labels)}?", list(labels))
        app = apps[found[0]]
        start(app.command, trouble)
        return f"Opened {app.name}"

    def _page(self, arguments: Mapping[str, Any]) -> Mapping[str, str]:
        # Not looked up before the person has agreed: a name can carry anything out to who answers for it.
        if "url" not in arguments:
            return {}
        return {"url": web_address(arguments["url"], private=self.private_pages, resolve=lambda host: ())}

    @tool(effect=Effect.SEND, state="system", say="{result}.", understood=_page)
    def open_url(self, url: str) -> str:
        """Open a web page in the browser.

        Args:
            url: Address of the page

        Returns:
            Confirmation
        """
        address = self._address(url)
        self.open(address)
        return f"Opened {address}"

    @tool(effect=Effect.WRITE, state="system", say="The volume is at {result} percent.")
    def set_volume(self, percent: Percent) -> int:
        """Set the sound volume.

        Args:
            percent: Volume in percent

        Returns:
            New volume
        """
        return set_volume(percent)

    @tool(effect=Effect.WRITE, state="system", say="The brightness is at {result} percent.")
    def set_brightness(self, percent: Percent) -> int:
        """Set the screen brightness.

        Args:
            percent: Brightness in percent

        Returns:
            New brightness
        """
        return set_brightness(percent)

    def _untake(self, arguments: Mapping[str, Any], result: str) -> str:
        into_trash(Path(result).resolve(), self.trash)
        return f"{Path(result).name} is in the trash"

    @tool(effect=Effect.WRITE, state="system", say="The picture of the screen is {result}.", undo=_untake)
    def take_screenshot(self) -> str:
        """Take a picture of the screen.

        Returns:
            Path of the picture
        """
        picture = screenshot()
        path = free_path(self.pictures.resolve(), f"Screenshot {self.now():%Y-%m-%d %H-%M-%S}", ".png")
        write_new_file(path, picture)
        return str(path)

    @tool(effect=Effect.READ, state="system", say="{result}")
    def system_status(self) -> str:
        """Report battery, memory, disk and network.

        Returns:
            Status
        """
        return " ".join([_battery(), _memory(), _disk(), _network()])

    def _address(self, url: str) -> str:
        return web_address(url, private=self.private_pages, resolve=self.resolve)


def _battery() -> str:
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is None:
        return "There is no battery."
    state = "charging" if battery.power_plugged else "not charging"
    return f"The battery is at {battery.percent:.0f} percent, {state}."


def _memory() -> str:
    memory = psutil.virtual_memory()
    return f"{_gigabytes(memory.available)} of {_gigabytes(memory.total)} of memory are free."


def _disk() -> str:
    disk = psutil.disk_usage(str(Path.home().anchor or "/"))
    return f"{_gigabytes(disk.free)} of {_gigabytes(disk.total)} of disk are free."


def _network() -> str:
    """Interfaces that are up and could reach something; nothing is sent to find out."""
    up = sorted(
        name for name, state in psutil.net_if_stats().items() if state.isup and not _is_loopback(name)
    )
    return f"The network is up ({', '.join(up)})." if up else "There is no network."


def _is_loopback(name: str) -> bool:
    addresses = [found.address for found in psutil.net_if_addrs().get(name, [])]
    return any(address.startswith("127.") or address == "::1" for address in addresses)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size < 1e11 else f"{size / 1e9:.0f} GB"
