"""Real mail servers on this machine, for tests: aiosmtpd takes mail, Dovecot keeps it."""

import asyncio
import grp
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Smtpd
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from scrubjay.tools.settings import MailServer

USER = "me@example.com"
PASSWORD = "correct-horse"
_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
disable_plaintext_auth = no
auth_failure_delay = 0
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = user={login} password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
namespace inbox {{
  inbox = yes
  mailbox "Sent Mail" {{
    special_use = \\Sent
    auto = create
  }}
}}
"""


@dataclass
class Taken:
    """What an SMTP server took; the attributes below decide what it refuses."""

    envelopes: list[Envelope] = field(default_factory=list)
    refused: str = ""
    hangs_up: bool = False

    async def handle_RCPT(
        self, server: Smtpd, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.refused:
            return "550 No such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Smtpd, session: Session, envelope: Envelope) -> str:
        if self.hangs_up:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        self.envelopes.append(envelope)
        return "250 OK"


@contextmanager
def smtp_server(authority: trustme.CA) -> Iterator[tuple[MailServer, Taken]]:
    """A server that wants STARTTLS and a password, and what it took."""

    def check(
        server: Smtpd, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        right = (login.login.decode(), login.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=right, handled=False)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    taken = Taken()
    port = _free_port()
    controller = Controller(
        taken,
        hostname="localhost",
        port=port,
        tls_context=context,
        require_starttls=True,
        authenticator=check,
        auth_required=True,
    )
    controller.start()
    try:
        yield MailServer(host="localhost", port=port, user=USER, security="starttls"), taken
    finally:
        controller.stop()


@contextmanager
def imap_server(authority: trustme.CA) -> Iterator[MailServer]:
    """An empty mailbox on a Dovecot of its own; nobody runs it where the tests run as root."""
    own = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))  # pytest's folders are closed to nobody
    try:
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        for name in ("home", "mail"):
            (folder / name).mkdir()
            os.chown(folder / name, own.pw_uid, own.pw_gid)
        folder.chmod(0o755)
        port = _free_port()
        names = {"user": own.pw_name, "group": _group(own.pw_gid), "uid": own.pw_uid, "gid": own.pw_gid}
        text = _DOVECOT.format(folder=folder, port=port, login=USER, password=PASSWORD, **names)
        (folder / "dovecot.conf").write_text(text)
        server = subprocess.Popen(["dovecot", "-F", "-c", folder / "dovecot.conf"])
        try:
            _wait_for(port, server, folder / "log")
            yield MailServer(host="localhost", port=port, user=USER, security="starttls")
        finally:
            server.terminate()
            server.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _group(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                if connection.recv(4) == b"* OK":
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"Dovecot does not start: {log.read_text() if log.exists() else server.poll()}")
