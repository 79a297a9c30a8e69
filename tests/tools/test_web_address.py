"""Which pages may be opened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.tools.errors import ToolFailed
from scrubjay.tools.web_address import web_address


def public(host: str) -> list[str]:
    return ["93.184.216.34"]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("example.com", "https://example.com"),
        ("Example.com:8080/x", "https://example.com:8080/x"),
        ("HTTP://Example.COM./", "http://example.com/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://[2606:2800:220:1::1]/", "https://[2606:2800:220:1::1]/"),
    ],
)
def test_a_page_is_opened_by_its_address(said: str, address: str) -> None:
    assert web_address(said, resolve=public) == address


@pytest.mark.parametrize(
    "said",
    [
        *(
            "file:///etc/passwd",
            "javascript:alert(1)",
            "ftp://example.com",
            "data:text/html,x",
            "/etc/passwd",
        ),
        *(
            "--version",
            "",
            "https://",
            "https://user:pw@example.com",
            "https://example.com@evil.example",
            "x",
        ),
        *(
            "https://example.com\\@evil.example",
            "https://exa mple.com",
            "https://example.com/\nx",
            "http://[::1",
        ),
        *("https://example.com:99999", "vscode://x", "http:example.com"),
        *("http://%31%32%37.0.0.1/", "http://127.0.0.1%00.example.com/", "http://example.com%2f@127.0.0.1/"),
        *("http://.localhost/", "http://exa$mple.com/", "http://127.0.0.1;.example.com/", "http://[v1.x]/"),
    ],
)
def test_anything_else_is_refused(said: str) -> None:
    with pytest.raises(ToolFailed):
        web_address(said, resolve=public)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
        ),
        *("[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
        *("10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
        *("router", "printer.local", "nas.lan", "app.internal"),
        *("①②⑦.⓪.⓪.①", "127。0。0。1", "127.0.0.1。", "localhost。", "[::1%25lo]"),
    ],
)
def test_the_own_network_is_not_opened_unless_allowed(host: str) -> None:
    with pytest.raises(ToolFailed, match=r"your own network.*private_pages"):
        web_address(f"http://{host}/", resolve=public)
    assert web_address(f"http://{host}/", private=True).startswith("http://")


def test_a_name_that_leads_into_the_own_network_is_not_opened() -> None:
    with pytest.raises(ToolFailed, match="your own network"):
        web_address("https://rebind.example", resolve=lambda host: ["93.184.216.34", "192.168.1.1"])
    assert web_address("https://unknown.example", resolve=lambda host: [])


@given(st.text(max_size=60) | st.text("htps:/@.[]\\0127:localhost#?%", max_size=40).map("http://".__add__))
def test_no_text_gets_a_private_host_through(said: str) -> None:
    try:
        address = web_address(said, resolve=public)
    except ToolFailed:
        return
    assert address.startswith(("http://", "https://"))
    assert web_address(address, resolve=public) == address
    assert "localhost" not in address.split("/")[2].split(".")[-1]


@pytest.mark.parametrize(
    "host",
    [
        *("\uff11\uff12\uff17.0.0.1", "127。0。0。1", "ⓛocalhost", "127.0.0.1.", "0", "0177.1"),
        "[::127.0.0.1]",
        *("[64:ff9b:1::7f00:1]", "[64:ff9b::a00:1]", "[::ffff:10.0.0.1]", "[fe80::1%25eth0]", "100.64.0.1"),
    ],
)
def test_no_way_of_writing_an_own_address_is_opened(host: str) -> None:
    with pytest.raises(ToolFailed):
        web_address(f"http://{host}/", resolve=public)
