"""The mail app on a Maildir: what is written, found, answered and passed on."""

import mailbox
import time
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.tools.allowed_folders import AllowedFolders, OutsideFolders
from scrubjay.tools.errors import ToolFailed, ToolQuestion
from scrubjay.tools.html_text import html_text
from scrubjay.tools.mail import Mail
from scrubjay.tools.mail_reading import parsed
from scrubjay.tools.maildir import Maildir

from .calling import call

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LUNCH = """From: Sid Jha <sid@example.com>
To: me@example.com
Subject: Re: Lunch on Friday
Message-ID: <2@example.com>
In-Reply-To: <1@example.com>
References: <1@example.com>
Date: Fri, 20 Nov 2026 08:00:00 +0000

Shall we say noon?
Sid
"""


@pytest.fixture
def mail(tmp_path: Path) -> Mail:
    return Mail(
        Maildir(tmp_path / "mail"),
        Address("Ana Lopes", "me", "example.com"),
        None,
        AllowedFolders((tmp_path / "Documents",)),
        now=lambda: NOW,
    )


def deliver(mail: Mail, raw: str | bytes, number: int = 1, *, flags: str | None = None) -> Path:
    """Puts a mail into the inbox the way a delivery agent does, `number` seconds after the first."""
    assert isinstance(mail.store, Maildir)
    for part in ("new", "cur", "tmp"):
        (mail.store.folder / part).mkdir(parents=True, exist_ok=True)
    name = f"{1_795_000_000 + number}.M{number}P1.host"
    path = mail.store.folder / (f"new/{name}" if flags is None else f"cur/{name}:2,{flags}")
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return path


def written(mail: Mail) -> EmailMessage:
    """The one mail in the outbox, as any mail program reads it."""
    assert isinstance(mail.store, Maildir)
    (message,) = mailbox.Maildir(mail.store.folder / ".Outbox", create=False)
    read = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def body(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_a_mail_without_a_server_waits_in_the_outbox_and_the_answer_says_so(mail: Mail) -> None:
    identity = call(mail.compose_email, to=["sid@example.com"], subject="Grüße", body="Até já")
    message = written(mail)
    assert message["From"] == "Ana Lopes <me@example.com>"
    assert message["To"] == "sid@example.com"
    assert message["Subject"] == "Grüße"
    assert message["Message-ID"] == f"<{identity}>"
    assert message["Date"].datetime == NOW
    assert body(message) == "Até já\n"
    (say,) = [tool.say for tool in mail.tools() if tool.name == "compose_email"]
    assert say == "Your e-mail about {subject} is in the outbox: set up [mail.smtp] to have it sent."


def test_people_are_written_to_once_each_by_address_or_as_it_was_spoken(mail: Mail) -> None:
    to = ["Sid Jha <sid@example.com>", "SID@example.com", "ranger at pinecreek dot gov"]
    call(mail.compose_email, to=to, subject="x", cc=["ranger@pinecreek.gov", "ana@example.com"])
    message = written(mail)
    assert [address.addr_spec for address in message["To"].addresses] == [
        "SID@example.com",
        "ranger@pinecreek.gov",
    ]
    assert message["Cc"] == "ana@example.com"


@pytest.mark.parametrize(
    "address",
    [
        *("Sid", "sid@", "@example.com", "a b@example.com", "sid@exa_mple.com", "", '"a"@example.com'),
        *("a..b@example.com", "a@-example.com", "sid@example.com, x@y.zz", "söl@example.com"),
        "sid@example.com\nBcc: x@y.zz",
    ],
)
def test_what_is_no_address_is_refused_and_nothing_is_written(mail: Mail, address: str) -> None:
    with pytest.raises(ToolFailed, match=r"Nothing was sent\."):
        call(mail.compose_email, to=["ana@example.com", address], subject="x")
    with pytest.raises(ToolFailed, match="needs somebody"):
        call(mail.compose_email, to=[], subject="x")
    assert isinstance(mail.store, Maildir)
    assert not mail.store.folder.exists()


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120), st.text(max_size=120), st.text(max_size=40))
def test_no_text_can_make_a_header_or_a_recipient(
    tmp_path_factory: pytest.TempPathFactory, subject: str, body: str, name: str
) -> None:
    folder = tmp_path_factory.mktemp("mail")
    mail = Mail(Maildir(folder), Address("", "me", "example.com"), None, AllowedFolders(()), now=lambda: NOW)
    evil = subject + "\r\nBcc: evil@example.com\r\n\r\n"
    try:
        call(mail.compose_email, to=[f"{name} <sid@example.com>"], subject=evil, body=f"\r\n.\r\n{body}")
    except ToolFailed:
        return
    message = written(mail)
    assert set(message.keys()) <= {
        *("From", "To", "Subject", "Date", "Message-ID", "Content-Type"),
        *("Content-Transfer-Encoding", "MIME-Version"),
    }
    assert [address.addr_spec for address in message["To"].addresses] == ["sid@example.com"]


def test_attachments_come_from_the_open_folders_only(mail: Mail, tmp_path: Path) -> None:
    documents = tmp_path / "Documents"
    documents.mkdir()
    (documents / "Straße.pdf").write_bytes(b"%PDF-1.7\r\n\xff")
    (documents / "list.txt").write_bytes(b"one\n")
    (documents / "link.txt").symlink_to("/etc/passwd")
    call(
        mail.compose_email,
        to=["sid@example.com"],
        subject="x",
        attachments=["Straße.pdf", str(documents / "list.txt")],
    )
    parts = list(written(mail).iter_attachments())
    assert [(part.get_filename(), part.get_content_type()) for part in parts] == [
        ("Straße.pdf", "application/pdf"),
        ("list.txt", "application/octet-stream"),
    ]
    assert [part.get_payload(decode=True) for part in parts] == [b"%PDF-1.7\r\n\xff", b"one\n"]
    for path in ("/etc/passwd", "../../etc/passwd", "link.txt"):
        with pytest.raises(OutsideFolders):
            call(mail.compose_email, to=["sid@example.com"], subject="y", attachments=[path])
    assert written(mail)["Subject"] == "x"


def test_attachments_have_a_limit(mail: Mail, tmp_path: Path) -> None:
    (tmp_path / "Documents").mkdir()
    with (tmp_path / "Documents/film.mp4").open("wb") as film:
        film.truncate(20_000_001)
    with pytest.raises(ToolFailed, match="more than the 20 MB allowed"):
        call(mail.compose_email, to=["sid@example.com"], subject="y", attachments=["film.mp4"])


def test_a_search_finds_all_words_newest_first(mail: Mail) -> None:
    deliver(mail, LUNCH, 1, flags="S")
    deliver(mail, LUNCH.replace("noon", "one o'clock").replace("Friday", "Saturday"), 2)
    deliver(mail, "From: shop@example.net\nSubject: =?utf-8?q?Fr=C3=BChst=C3=BCck?=\n\nlunch boxes", 3)
    assert call(mail.search_email, query="lunch noon") == [
        "Sid Jha <sid@example.com>: Re: Lunch on Friday (Fri 20 Nov 2026, 08:00): Shall we say noon? Sid"
    ]
    assert len(call(mail.search_email, query="lunches")) == 3
    assert len(call(mail.search_email, query="fruhstuck")) == 1
    assert len(call(mail.search_email, sender="Sid")) == 2
    assert len(call(mail.search_email, sender="sid@example.com", unread=True)) == 1
    newest = call(mail.search_email)
    assert newest[0].startswith("shop@example.net: Frühstück (")
    assert call(mail.search_email, query="dinner") == []


def test_a_search_leaves_unread_what_was_unread(mail: Mail) -> None:
    path = deliver(mail, LUNCH)
    for _ in range(2):
        (line,) = call(mail.search_email, unread=True)
        assert ", unread)" in line
    assert path.exists()


def test_an_html_mail_is_read_as_text_and_files_in_a_mail_are_not(mail: Mail) -> None:
    message = EmailMessage()
    message["From"] = "shop@example.net"
    message.set_content("<style>p{}</style><p>Your   order<br>has left</p><script>x</script>", subtype="html")
    message.add_attachment(b"secret words", maintype="application", subtype="pdf", filename="a.pdf")
    deliver(mail, message.as_bytes())
    assert call(mail.search_email, query="order")[0].endswith("unread): Your order has left")
    assert call(mail.search_email, query="secret") == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: =?utf-8?q?=FF?= <\nSubject: =?x-unknown?b?!!?=\nDate: yesterday\n\nlunch",
        b"From: a@b, (((\nContent-Type: text/plain; charset=klingon\n\nlunch \xff",
        b"From: []\nContent-Type: multipart/mixed\n\nlunch",
        b"From: x <x@y.zz>\nDate: Fri, 99 Nov 99999 99:00:00 +9999\nReferences: <\r\n \x00>\n\nlunch",
    ],
)
def test_a_broken_mail_breaks_nothing(mail: Mail, raw: bytes) -> None:
    deliver(mail, raw, 1)
    deliver(mail, LUNCH, 2)
    assert len(call(mail.search_email)) == 2
    call(mail.reply_to_email, query="Sid", body="Yes")


NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"From: x@y.zz\n" + NESTED + b"\nlunch", id="parts in parts"),
        pytest.param(b"Content-Type: message/rfc822\n\n" * 5000, id="mails in mails"),
        *(
            pytest.param(
                b"From: %b\nSubject: %b\nContent-Type: text/plain; %b\n\nlunch" % ((sign * 9_000,) * 3),
                id=f"headers of {sign.decode()}",
            )
            for sign in (b"(", b",", b'"', b":", b";", b"<@", b"=?utf-8?q?", b" a=b;")
        ),
        *(
            pytest.param(
                b"From: x@y.zz\nContent-Type: text/html\n\n" + sign * 60_000, id=f"a body of {sign.decode()}"
            )
            for sign in (b"<a ", b"<!--", b"<![CDATA[", b"<script>", b"&#")
        ),
    ],
)
def test_a_mail_made_to_eat_time_takes_none(mail: Mail, raw: bytes) -> None:
    deliver(mail, raw, 1)
    deliver(mail, LUNCH, 2)
    began = time.process_time()
    assert len(call(mail.search_email)) == 2
    assert len(call(mail.search_email, query="noon")) == 1
    call(mail.reply_to_email, query="Sid", body="Yes")
    assert time.process_time() - began < 20  # some took minutes


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<br/>b &amp; c</p><p>d", "a\nb & c\n\nd"),
        ("a < b and c > d", "a < b and c > d"),
        ('<a title="x>y" href=q>link</a>', "link"),
        ("<style>x{}</style>hi<script>if (1<2) x</script> yo<!-- no --> !", "hi yo !"),
        ("<!DOCTYPE html><html><head><title>T</title><body>Hi", "Hi"),
        ("seen<!-- never ends <p>x", "seen"),
        ("seen<script>never ends", "seen"),
    ],
)
def test_a_page_reads_as_its_text(html: str, text: str) -> None:
    assert html_text(html) == text


def test_a_reply_quotes_threads_and_marks(mail: Mail) -> None:
    deliver(mail, LUNCH)
    call(mail.reply_to_email, query="sid", body="Noon is fine.", cc=["ana@example.com"])
    reply = written(mail)
    assert reply["To"] == "sid@example.com"
    assert reply["Cc"] == "ana@example.com"
    assert reply["Subject"] == "Re: Lunch on Friday"
    assert reply["In-Reply-To"] == "<2@example.com>"
    assert reply["References"] == "<1@example.com> <2@example.com>"
    assert body(reply) == (
        "Noon is fine.\n\nOn Fri, 20 Nov 2026 08:00:00 +0000, Sid Jha <sid@example.com> wrote:\n"
        "> Shall we say noon?\n> Sid\n"
    )
    assert isinstance(mail.store, Maildir)
    (path,) = (mail.store.folder / "cur").iterdir()
    assert path.name.endswith(":2,RS")


def test_a_reply_goes_to_the_newest_mail_from_someone_or_about_something(mail: Mail) -> None:
    deliver(mail, LUNCH, 1)
    deliver(mail, LUNCH.replace("Friday", "Monday").replace("<2@", "<3@"), 2)
    deliver(mail, "From: Lutfi <lutfi@example.com>\nSubject: Lunch with Sid\n\nx", 3)
    call(mail.reply_to_email, query="Sid Jha", body="Yes")
    assert written(mail)["In-Reply-To"] == "<3@example.com>"


@pytest.mark.parametrize("query", ["lunch on friday", "the lunch on Friday", "Sid's lunch on Friday"])
def test_a_mail_is_found_by_what_it_is_about(mail: Mail, query: str) -> None:
    deliver(mail, LUNCH, 1)
    deliver(mail, LUNCH.replace("Lunch on Friday", "Parking"), 2)
    call(mail.reply_to_email, query=query, body="Yes")
    assert written(mail)["Subject"] == "Re: Lunch on Friday"


def test_whom_to_answer_is_asked_when_it_is_not_clear(mail: Mail) -> None:
    deliver(mail, LUNCH, 1)
    deliver(mail, LUNCH.replace("Jha <sid@", "Rao <rao@"), 2)
    with pytest.raises(ToolQuestion, match=r"Jha <sid@example\.com> or Sid Rao <rao@example\.com>") as asked:
        call(mail.reply_to_email, query="Sid", body="Yes")
    call(mail.reply_to_email, query=asked.value.choices[0], body="Yes")
    assert written(mail)["To"] == "sid@example.com"
    with pytest.raises(ToolQuestion, match="Did you mean"):
        call(mail.reply_to_email, query="Sit Jha", body="Yes")
    with pytest.raises(ToolFailed, match="No e-mail is from Zoe or about it"):
        call(mail.reply_to_email, query="Zoe", body="Yes")


def test_an_answer_never_goes_elsewhere_unnoticed(mail: Mail) -> None:
    deliver(mail, LUNCH.replace("To: me", "Reply-To: sid@evil.example\nTo: me"))
    with pytest.raises(ToolQuestion, match=r"from sid@example\.com but wants its answer sent to sid@evil"):
        call(mail.reply_to_email, query="Sid", body="the code is 4471")
    assert isinstance(mail.store, Maildir)
    assert not (mail.store.folder / ".Outbox").exists()


def test_an_answer_goes_where_the_senders_own_domain_wants_it(mail: Mail) -> None:
    deliver(mail, LUNCH.replace("To: me", "Reply-To: desk@example.com\nTo: me"))
    call(mail.reply_to_email, query="Sid", body="Yes")
    assert written(mail)["To"] == "desk@example.com"


def test_a_mail_is_passed_on_with_its_text_and_files(mail: Mail) -> None:
    headers, _, words = LUNCH.partition("\n\n")
    message = parsed(f"{headers}\n\n".encode())
    message.set_content(words)
    message.add_attachment(b"menu", maintype="image", subtype="png", filename="../../menu.png")
    message.add_attachment(parsed(b"Subject: Inner\n\nolder"))
    deliver(mail, message.as_bytes())
    call(mail.forward_email, query="lunch", to=["lutfi@example.com"], body="See below.")
    forward = written(mail)
    assert forward["Subject"] == "Fwd: Lunch on Friday"
    assert forward["To"] == "lutfi@example.com"
    assert forward["References"] == "<1@example.com> <2@example.com>"
    assert body(forward) == (
        "See below.\n\n---------- Forwarded message ----------\nFrom: Sid Jha <sid@example.com>\n"
        "Date: Fri, 20 Nov 2026 08:00:00 +0000\nSubject: Re: Lunch on Friday\nTo: me@example.com\n\n"
        "Shall we say noon?\nSid\n"
    )
    files = {part.get_filename(): part.get_payload(decode=True) for part in forward.iter_attachments()}
    assert files == {"menu.png": b"menu", "Inner.eml": b"Subject: Inner\n\nolder"}
    assert isinstance(mail.store, Maildir)
    (path,) = (mail.store.folder / "cur").iterdir()
    assert path.name.endswith(":2,PS")


def test_what_a_person_agrees_to_is_what_is_done(mail: Mail, tmp_path: Path) -> None:
    (tmp_path / "Documents").mkdir()
    (tmp_path / "Documents/plan.txt").write_text("x")
    deliver(mail, LUNCH, 1)
    understood = mail.reply_to_email.understood
    assert understood is not None
    arguments = {"query": "Sid", "body": "the code is 4471", "cc": ["Ana <ana@example.com>"]}
    assert understood({**arguments, "attachments": ["plan.txt"]}) == {
        "query": "Sid Jha <sid@example.com>: Re: Lunch on Friday (Fri 20 Nov 2026, 08:00) "
        "(the answer goes to sid@example.com)",
        "cc": "ana@example.com",
        "attachments": str(tmp_path / "Documents/plan.txt"),
    }
    deliver(mail, LUNCH.replace("sid@example.com", "sid@evil.example"), 2)
    call(mail.reply_to_email, **arguments)
    assert written(mail)["To"] == "sid@example.com"


def test_what_a_search_returns_is_marked_as_written_by_others(mail: Mail) -> None:
    assert [tool.name for tool in mail.tools() if tool.from_others] == ["search_email"]
