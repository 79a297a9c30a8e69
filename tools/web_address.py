"""Addresses of web pages: only http and https, and nothing inside the user's own network."""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit, urlunsplit

from .errors import ToolFailed

Resolve = Callable[[str], Sequence[str]]
"""From the name of a host to its IP addresses; empty when it has none."""

_OWN_NETWORK = re.compile(
    r"(?:.+\.)?(?:localhost|local|localdomain|internal|intranet|lan|home\.arpa|onion)|[^.]+"
)
_IPV4_INSIDE = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
"""IPv6 addresses that end in an IPv4 address: behind NAT64, and of old."""

_HOST = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}(?:\.[a-z0-9_][a-z0-9_-]{0,62})*", re.IGNORECASE)
"""The name of a host, in the letters that every program reads in the same way: a browser takes %31 for 1."""

_NO_SCHEME = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]|$)")


def resolved(host: str) -> list[str]:
    """The IP addresses of `host`; empty when there are none or there is no network."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None)})
    except (OSError, UnicodeError):
        return []


def web_address(said: str, *, private: bool = False, resolve: Resolve = resolved) -> str:
    """The address of a page, `https://` added where no scheme was said.

    Raises ToolFailed for other schemes, for a name and password before the host (the usual disguise), and,
    unless `private`, for hosts that are or resolve to this machine or its network.
    """
    text = said.strip()
    text = f"https://{text}" if _NO_SCHEME.match(text) else text
    if not text.isprintable() or re.search(r"[\s\\<>\"]", text):
        raise ToolFailed(f"{said!r} is not the address of a web page.")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii").rstrip(".")
    except ValueError as error:
        raise ToolFailed(f"{said!r} is not the address of a web page.") from error
    if parts.scheme not in ("http", "https"):
        raise ToolFailed(f"Only http and https pages are opened, not {said!r}.")
    if not _is_host(host, parts.netloc) or parts.username is not None or parts.password is not None:
        raise ToolFailed(f"{said!r} is not the address of a web page that can be trusted to be what it says.")
    if not private and _is_private(host, resolve):
        raise ToolFailed(
            f"{host} is in your own network, which pages are not opened from. "
            "To allow it, set private_pages = true in [system] of the settings."
        )
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port is None else f"{shown}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, parts.fragment))


def _is_host(host: str, netloc: str) -> bool:
    if "[" not in netloc:
        return len(host) <= 253 and _HOST.fullmatch(host) is not None
    try:
        return ipaddress.ip_address(host.partition("%")[0]).version == 6
    except ValueError:
        return False


def _is_private(host: str, resolve: Resolve) -> bool:
    literal = _literal(host)
    if literal is not None:
        return not _is_public(literal)
    return bool(_OWN_NETWORK.fullmatch(host)) or any(not _is_public(address) for address in resolve(host))


def _literal(host: str) -> str | None:
    """The IP address that a browser takes `host` for, which 127.1, 0x7f.1 and 2130706433 are too."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if inner:
            return _is_public(str(inner))
        if any(found in network for network in _IPV4_INSIDE):
            return _is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast
