"""Sending mail through an SMTP server: to all recipients or to none."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import AddressHeader
from email.message import EmailMessage

from .errors import MaybeSent, ToolFailed
from .secrets import account_name, secret
from .settings import MailServer

TIMEOUT_S = 20.0
_USUAL_PORTS = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, slots=True)
class Smtp:
    """The server that takes the user's mail."""

    server: MailServer
    password: Callable[[str], str] = secret
    """Gives the password of an account by its name."""

    def send(self, message: EmailMessage) -> None:
        """Send to everybody in To and Cc.

        Raises ToolFailed when nothing was sent, MaybeSent when the server did not say whether it was.
        """
        host = self.server.host
        try:
            with self._connected() as smtp:
                _envelope(smtp, message)
                _data(smtp, message)
        except smtplib.SMTPAuthenticationError as error:
            raise ToolFailed(
                f"{host} does not let {self.server.user} in. Check the name in [mail.smtp] and the password "
                "in the keyring. Nothing was sent."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ToolFailed(f"The mail server {host} cannot be used: {error}. Nothing was sent.") from error

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        smtp = self._open()
        try:
            yield smtp
        finally:
            with suppress(smtplib.SMTPException, OSError):  # what was taken stays taken
                smtp.quit()
            smtp.close()

    def _open(self) -> smtplib.SMTP:
        server = self.server
        port = server.port or _USUAL_PORTS[server.security]
        context = ssl.create_default_context()
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, port, timeout=TIMEOUT_S, context=context)
        else:
            smtp = smtplib.SMTP(server.host, port, timeout=TIMEOUT_S)
        try:
            if server.security == "starttls":
                smtp.starttls(context=context)
            if server.user:
                smtp.login(server.user, self.password(account_name(server.user, server.host)))
            smtp.ehlo_or_helo_if_needed()
        except BaseException:
            smtp.close()
            raise
        return smtp


def _envelope(smtp: smtplib.SMTP, message: EmailMessage) -> None:
    code, answer = smtp.mail(_addresses(message, "From")[0])
    if code != 250:
        raise ToolFailed(f"The mail server refuses the sender: {_said(answer)}. Nothing was sent.")
    for address in [*_addresses(message, "To"), *_addresses(message, "Cc")]:
        code, answer = smtp.rcpt(address)
        if code not in (250, 251):
            raise ToolFailed(f"The mail server refuses {address}: {_said(answer)}. Nothing was sent.")


def _data(smtp: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        code, answer = smtp.data(message.as_bytes())
    except smtplib.SMTPDataError as error:
        raise ToolFailed(
            f"The mail server refuses the mail: {_said(error.smtp_error)}. Nothing was sent."
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MaybeSent(
            f"the connection to the mail server broke while it took the mail ({error})"
        ) from error
    if code != 250:
        raise ToolFailed(f"The mail server refuses the mail: {_said(answer)}. Nothing was sent.")


def _addresses(message: EmailMessage, name: str) -> list[str]:
    header = message[name]
    return [address.addr_spec for address in header.addresses] if isinstance(header, AddressHeader) else []


def _said(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
