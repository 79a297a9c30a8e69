"""The mail app on real servers: SMTP by aiosmtpd, IMAP by Dovecot, both encrypted."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from imapclient import IMAPClient

from scrubjay.tools.allowed_folders import AllowedFolders
from scrubjay.tools.errors import MaybeSent, ToolFailed
from scrubjay.tools.imap import Imap
from scrubjay.tools.mail import Mail
from scrubjay.tools.maildir import Maildir
from scrubjay.tools.secrets import SecretMissing
from scrubjay.tools.settings import MailServer
from scrubjay.tools.smtp import Smtp

from .calling import call
from .mail_servers import PASSWORD, USER, Taken, imap_server, smtp_server

ME = Address("Ana", "me", "example.com")
needs_dovecot = pytest.mark.debian("dovecot-imapd", "dovecot")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def _trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.fixture
def server(authority: trustme.CA, _trusted: None) -> Iterator[tuple[MailServer, Taken]]:
    with smtp_server(authority) as running:
        yield running


@pytest.fixture
def imap(authority: trustme.CA, _trusted: None) -> Iterator[Imap]:
    with imap_server(authority) as running:
        yield Imap(running, lambda name: PASSWORD)


def mail_through(server: MailServer, tmp_path: Path, password: str = PASSWORD) -> Mail:
    smtp = Smtp(server, {"me@example.com@localhost": password}.__getitem__)
    return Mail(Maildir(tmp_path / "mail"), ME, smtp, AllowedFolders(()))


def in_sent(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "mail/.Sent/cur").glob("*"))


def test_a_mail_is_sent_to_all_and_kept_in_sent(server: tuple[MailServer, Taken], tmp_path: Path) -> None:
    mail = mail_through(server[0], tmp_path)
    body = "Olá\n.\n.leading dots\n" + "x" * 2000
    call(mail.compose_email, to=["sid@example.com"], cc=["ana@example.com"], subject="Grüße", body=body)
    (envelope,) = server[1].envelopes
    assert envelope.mail_from == "me@example.com"
    assert envelope.rcpt_tos == ["sid@example.com", "ana@example.com"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == "Grüße"
    assert message.get_content().replace("\r\n", "\n") == body + "\n"
    (sent,) = in_sent(tmp_path)
    assert message_from_bytes(sent.read_bytes(), policy=policy.default)["Message-ID"] == message["Message-ID"]


def test_when_one_recipient_is_refused_nobody_gets_the_mail(
    server: tuple[MailServer, Taken], tmp_path: Path
) -> None:
    server[1].refused = "gone@example.com"
    mail = mail_through(server[0], tmp_path)
    with pytest.raises(ToolFailed, match=r"refuses gone@example\.com: No such person\. Nothing was sent"):
        call(mail.compose_email, to=["sid@example.com", "gone@example.com"], subject="x")
    assert not server[1].envelopes
    assert not in_sent(tmp_path)


def test_a_connection_that_breaks_while_sending_is_told_as_unclear(
    server: tuple[MailServer, Taken], tmp_path: Path
) -> None:
    server[1].hangs_up = True
    with pytest.raises(MaybeSent):
        call(mail_through(server[0], tmp_path).compose_email, to=["sid@example.com"], subject="x")


def test_a_wrong_password_an_unknown_certificate_and_no_server_are_told_apart(
    server: tuple[MailServer, Taken], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = {"to": ["sid@example.com"], "subject": "x"}
    with pytest.raises(ToolFailed, match=r"does not let me@example\.com in\. Check the name"):
        call(mail_through(server[0], tmp_path, "wrong").compose_email, **arguments)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ToolFailed, match=r"(?i)certificate verify failed.*Nothing was sent"):
        call(mail_through(server[0], tmp_path).compose_email, **arguments)
    nobody = server[0].model_copy(update={"port": 9})
    with pytest.raises(ToolFailed, match=r"cannot be used: .*refused.*Nothing was sent"):
        call(mail_through(nobody, tmp_path).compose_email, **arguments)
    assert not server[1].envelopes


def test_a_copy_that_cannot_be_kept_does_not_have_the_mail_sent_twice(
    server: tuple[MailServer, Taken], tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("not a folder")
    call(mail_through(server[0], tmp_path).compose_email, to=["sid@example.com"], subject="x")
    assert len(server[1].envelopes) == 1


def test_a_password_in_the_clear_is_for_this_machine_only() -> None:
    with pytest.raises(ValueError, match="in the clear"):
        MailServer(host="mail.example.com", user="me", security="none")


def put(imap: Imap, subject: str, body: str, sender: str = "Sid Jha <sid@example.com>") -> None:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = sender, subject, f"<{len(body)}@example.com>"
    message.set_content(body)
    with logged_in(imap) as client:
        client.append("INBOX", message.as_bytes())


def logged_in(imap: Imap) -> IMAPClient:
    client = IMAPClient("localhost", imap.server.port, ssl=False, timeout=10)
    client.login(USER, PASSWORD)
    return client


@needs_dovecot
def test_the_mailbox_of_a_server_is_searched_answered_and_keeps_what_was_sent(
    imap: Imap, server: tuple[MailServer, Taken], tmp_path: Path
) -> None:
    mail = replace(mail_through(server[0], tmp_path), store=imap)
    assert call(mail.search_email) == []
    put(imap, "Lunch on Friday", "Shall we say noon? Olá")
    put(imap, "Frühstück", 'with "quotes" \\ and (brackets)', sender="Lutfi <lutfi@example.com>")
    assert call(mail.search_email, query="noon")[0].startswith("Sid Jha <sid@example.com>: Lunch on Friday (")
    assert len(call(mail.search_email, query="olá", sender="sid@example.com")) == 1
    assert len(call(mail.search_email, query="FRÜHSTÜCK")) == 1
    assert call(mail.search_email, query='"quotes) \\ UNSEEN\r\nA1 LOGOUT') == []
    assert [line.partition(" ")[0] for line in call(mail.search_email, unread=True)] == ["Lutfi", "Sid"]

    call(mail.reply_to_email, query="Sid", body="Yes")
    assert server[1].envelopes[0].rcpt_tos == ["sid@example.com"]
    with logged_in(imap) as client:
        client.select_folder("INBOX")
        assert set(client.get_flags([1])[1]) >= {b"\\Answered", b"\\Seen"}
        assert client.select_folder("Sent Mail")[b"EXISTS"] == 1
        (sent,) = client.fetch([1], ["ENVELOPE"]).values()
        assert sent[b"ENVELOPE"].subject == b"Re: Lunch on Friday"
        assert sent[b"ENVELOPE"].in_reply_to == b"<22@example.com>"

    call(mail.forward_email, query="Frühstück", to=["ana@example.com"])
    assert call(mail.search_email, unread=True) == []


@needs_dovecot
def test_a_server_that_cannot_be_used_is_told_with_what_to_do(imap: Imap) -> None:
    with pytest.raises(
        ToolFailed, match=r"does not let me@example\.com in: .*Check the name in \[mail\.imap\]"
    ):
        replace(imap, password=lambda name: "wrong").recent(1)
    with pytest.raises(ToolFailed, match="no longer in the inbox"):
        imap.message("77")
    elsewhere = replace(imap, server=imap.server.model_copy(update={"port": 9}))
    with pytest.raises(ToolFailed, match="cannot be used"):
        elsewhere.recent(1)


def test_a_password_that_is_not_in_the_keyring_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with pytest.raises(SecretMissing, match=r"keyring set scrubjay me@mail\.example\.com"):
        Imap(MailServer(host="mail.example.com", user="me")).recent(1)
