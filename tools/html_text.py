"""The text of an HTML page or mail, as a person would read it aloud.

Read in one pass: `html.parser` takes minutes for a mail made of tags that never end.
"""

import re
from html import unescape

_BREAKS = frozenset(["br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote"])
_UNREAD = frozenset(["script", "style", "title", "template"])

_TAG = re.compile(
    r"""<(?P<closes>/?)(?P<name>[a-z][^\s/<>]*+)"""
    r"""(?:(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+|[^<>]*+)>|<[!?/][^<>]*+>""",
    re.IGNORECASE,
)
"""A tag, or what is none and isn't text either. Nothing in it is tried in two ways: it stays quick."""


def html_text(html: str) -> str:
    """Text without tags, a line for each block; scripts and styles are left out. Never raises."""
    lines = (" ".join(line.split()) for line in unescape("".join(_parts(html))).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _parts(html: str) -> list[str]:
    """The text between tags, with a line break for each block."""
    parts: list[str] = []
    at = 0
    while (start := html.find("<", at)) >= 0:
        parts.append(_flat(html[at:start]))
        tag = _TAG.match(html, start)
        if html.startswith("<!--", start):
            at = html.find("-->", start + 4) + 3
            if at < 3:  # it never ends
                return parts
        elif tag is None:
            parts.append("<")
            at = start + 1
        else:
            name = (tag["name"] or "").lower()
            at = tag.end() if name not in _UNREAD or tag["closes"] else _end_of(name, html, tag.end())
            if name in _BREAKS and not (tag["closes"] and name == "br"):
                parts.append("\n")
    return [*parts, _flat(html[at:])]


def _end_of(name: str, html: str, at: int) -> int:
    end = re.compile(f"</{name}", re.IGNORECASE).search(html, at)
    return end.start() if end else len(html)


def _flat(text: str) -> str:
    return text.replace("\n", " ")
