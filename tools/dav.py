"""A calendar on a CalDAV server, or an address book on a CardDAV server, as a collection.

Needs `pip install 'scrubjay[dav]'`. The password comes from the system's keyring, under `user@host`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urljoin, urlsplit

from .collection import ChangedMeanwhile, Kept
from .errors import ToolFailed
from .secrets import account_name, secret
from .settings import DavAccount
from .storage import BrokenFile

_DAV = "{DAV:}"
_SECONDS = 20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a server calls the collection and what is in it."""

    namespace: str
    collection: str
    home: str
    query: str
    data: str
    filter: str
    media: str
    extension: str


_KINDS = {
    "calendar": _Kind(
        "urn:ietf:params:xml:ns:caldav",
        "calendar",
        "calendar-home-set",
        "calendar-query",
        "calendar-data",
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>',
        "text/calendar; charset=utf-8",
        ".ics",
    ),
    "address book": _Kind(
        "urn:ietf:params:xml:ns:carddav",
        "addressbook",
        "addressbook-home-set",
        "addressbook-query",
        "address-data",
        '<C:filter><C:prop-filter name="UID"/></C:filter>',
        "text/vcard; charset=utf-8",
        ".vcf",
    ),
}


@dataclass(slots=True)
class DavCollection:
    """A calendar or an address book on a server."""

    account: DavAccount
    kind: Literal["calendar", "address book"]
    _url: str = field(default="", init=False)
    """The collection's address, once it was looked for."""

    def read(self) -> tuple[list[Kept], list[BrokenFile]]:
        """All texts in it."""
        kind = _KINDS[self.kind]
        body = _xml(kind, kind.query, f"<D:prop><D:getetag/><C:{kind.data}/></D:prop>{kind.filter}", "C")
        with self._client() as client:
            url = self._find(client)
            answer = _checked(client.request(url, "REPORT", body, {"Depth": "1"}), url)
            kept = []
            for href, found in _resources(answer, url):
                text = found.findtext(f".//{{{kind.namespace}}}{kind.data}")
                if text:
                    kept.append(Kept(href, text, found.findtext(f".//{_DAV}getetag") or ""))
        return kept, []

    def add(self, name: str, text: str) -> None:
        """Put a new text on the server."""
        kind = _KINDS[self.kind]
        with self._client() as client:
            url = urljoin(self._find(client), quote(name) + kind.extension)
            self._put(client, url, text, {"If-None-Match": "*"})

    def replace(self, old: Kept, text: str) -> None:
        """Put `text` in the place of `old`."""
        with self._client() as client:
            self._put(client, old.name, text, {"If-Match": old.version})

    def remove(self, old: Kept) -> None:
        """Delete `old` on the server."""
        with self._client() as client:
            _checked(client.request(old.name, "DELETE", "", {"If-Match": old.version}), old.name)

    def _put(self, client: Any, url: str, text: str, headers: Mapping[str, str]) -> None:
        media = {"Content-Type": _KINDS[self.kind].media}
        _checked(client.request(url, "PUT", text, {**media, **headers}), url)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A connection with the account's password; what goes wrong on it becomes ToolFailed."""
        try:
            from caldav.davclient import DAVClient
            from caldav.lib.error import AuthorizationError, DAVError
            from niquests.exceptions import RequestException
        except ImportError as error:
            raise ToolFailed(
                f"A {self.kind} on a server needs another package: pip install 'scrubjay[dav]'"
            ) from error
        url, user = str(self.account.url), self.account.user
        host = urlsplit(url).hostname or ""
        if urlsplit(url).scheme != "https" and host not in _LOOPBACK:
            raise ToolFailed(f"{url} would get your password unencrypted. Write https:// in the settings.")
        name = account_name(user, host)
        password = secret(name)
        try:
            with DAVClient(
                url, username=user, password=password, timeout=_SECONDS, enable_rfc6764=False
            ) as client:
                yield client
        except AuthorizationError as error:
            raise ToolFailed(
                f"{host} does not accept the password of {user}. Put the right one into the keyring: "
                f"keyring set scrubjay {name}"
            ) from error
        except (DAVError, RequestException, OSError) as error:
            raise ToolFailed(
                f"{host} cannot be used now ({type(error).__name__}). Try again later."
            ) from error

    def _find(self, client: Any) -> str:
        """The collection's address: the one in the settings, or the one that the account leads to."""
        if not self._url:
            self._url = self._search(client)
        return self._url

    def _search(self, client: Any) -> str:
        kind, url = _KINDS[self.kind], str(self.account.url)
        own = _xml(
            kind,
            "propfind",
            f"<D:prop><D:resourcetype/><D:current-user-principal/><C:{kind.home}/></D:prop>",
        )
        home = ""
        for _ in range(3):  # an address leads to the user, the user to where their collections are
            answer = _checked(client.request(url, "PROPFIND", own, {"Depth": "0"}), url)
            (_, found), *_ = [*_resources(answer, url)] or [(url, None)]
            if found is None:
                break
            if found.find(f".//{_DAV}resourcetype/{{{kind.namespace}}}{kind.collection}") is not None:
                return _folder(url)
            home = found.findtext(f".//{{{kind.namespace}}}{kind.home}/{_DAV}href") or ""
            user = found.findtext(f".//{_DAV}current-user-principal/{_DAV}href") or ""
            if home or not user:
                break
            url = _same_host(url, user)
        if not home:
            raise ToolFailed(
                f"There is no {self.kind} at {self.account.url}. Check the address in the settings."
            )
        return self._named(client, _same_host(url, home))

    def _named(self, client: Any, home: str) -> str:
        """The collection that is named in the settings, or the first."""
        kind = _KINDS[self.kind]
        body = _xml(kind, "propfind", "<D:prop><D:resourcetype/><D:displayname/></D:prop>")
        answer = _checked(client.request(home, "PROPFIND", body, {"Depth": "1"}), home)
        names = {}
        for href, found in _resources(answer, home):
            if found.find(f".//{_DAV}resourcetype/{{{kind.namespace}}}{kind.collection}") is not None:
                names[_folder(href)] = found.findtext(f".//{_DAV}displayname") or ""
        wanted = self.account.name.casefold()
        for url, name in names.items():
            if not wanted or wanted in (
                name.casefold(),
                urlsplit(url).path.rstrip("/").split("/")[-1].casefold(),
            ):
                return url
        there = ", ".join(filter(None, names.values())) or "none"
        raise ToolFailed(f"{self.account.url} has no {self.kind} {self.account.name!r}; there is {there}.")


def _xml(kind: _Kind, name: str, inner: str, prefix: str = "D") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><{prefix}:{name} xmlns:D="DAV:" xmlns:C="{kind.namespace}">'
        f"{inner}</{prefix}:{name}>"
    )


def _checked(answer: Any, url: str) -> Any:
    """The answer, unless it says that it was not done."""
    if answer.status == 412:
        raise ChangedMeanwhile
    if answer.status >= 400:
        raise ToolFailed(f"{urlsplit(url).hostname} answered with error {answer.status} for {url}.")
    return answer


def _resources(answer: Any, url: str) -> list[tuple[str, Any]]:
    """The addresses in an answer, and what it says about each."""
    if answer.tree is None:
        return []
    found = [(one.findtext(f"{_DAV}href") or "", one) for one in answer.tree.iter(f"{_DAV}response")]
    return [(_same_host(url, href), one) for href, one in found]


def _same_host(url: str, href: str) -> str:
    """An address that a server named. Raises ToolFailed when it would take the password elsewhere."""
    full = urljoin(url, href)
    if urlsplit(full)[:2] != urlsplit(url)[:2]:
        raise ToolFailed(f"{urlsplit(url).hostname} refers to another server, {urlsplit(full).hostname}.")
    return full


def _folder(url: str) -> str:
    return url if url.endswith("/") else url + "/"
