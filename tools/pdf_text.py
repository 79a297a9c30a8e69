"""The text of a PDF, read in a process of its own: a file made to eat time or memory takes nothing else down.

usage: python -m scrubjay.tools.pdf_text < FILE.pdf; prints {"text": ...} or {"problem": ...} as JSON
"""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from statistics import median
from typing import TYPE_CHECKING, Any

from .errors import ToolFailed

if TYPE_CHECKING:
    from pypdf import PdfReader

MOST_PAGES = 200
LONGEST_TEXT = 1_000_000
"""Characters that are read; of a longer document, what stands up to there."""

SECONDS = 50
MEMORY = 2_000_000_000
"""Bytes that reading may take."""


def pdf_text(content: bytes, name: str) -> str:
    """The text of its pages. `name` is for messages. Raises ToolFailed when there is none to be had."""
    command = [sys.executable, "-m", __name__]
    try:
        ran = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(
            f"{name} takes more than {SECONDS} s to read. Open it in its own program."
        ) from error
    try:
        told: dict[str, Any] = json.loads(ran.stdout)
    except ValueError as error:
        raise ToolFailed(f"{name} takes too much memory to read. Open it in its own program.") from error
    if "problem" in told:
        raise ToolFailed(f"{name} {told['problem']}.")
    return str(told["text"])


def main() -> None:
    """Read the PDF on standard input, within its limits."""
    _limit()
    print(json.dumps(_told(sys.stdin.buffer.read())))


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows; there the time is all that is limited
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _told(content: bytes) -> dict[str, str]:
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns about every oddity of every PDF
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            return {"problem": "is locked by a password. Open it in its own program"}
        return {"text": "\n\n".join(_pages(reader))}
    except Exception as error:  # pypdf raises anything on broken or hostile files
        return {"problem": f"is not a PDF that can be read ({error or type(error).__name__})"[:300]}


def _pages(reader: "PdfReader") -> Iterator[str]:
    room = LONGEST_TEXT
    for page in reader.pages[:MOST_PAGES]:
        text = _joined(page.extract_text())[:room]
        room -= len(text)
        yield text
        if room <= 0:
            return


def _joined(text: str) -> str:
    """Running text of a page: without headings, and words divided at the end of a line whole again."""
    lines = [line.strip() for line in text.split("\n")]
    usual = median(map(len, filter(None, lines))) if any(lines) else 0
    kept: list[str] = []
    for line in lines:
        begins = not kept or not kept[-1] or kept[-1].endswith((".", "!", "?", ":"))
        heading = begins and len(line) < 0.6 * usual and not line.endswith((".", "!", "?", ":"))
        kept.append("" if heading else line)
    return re.sub(r"(?<=[^\W\d_])[-\u00ad]\n(?=[^\W\dA-Z_])", "", "\n".join(kept))


if __name__ == "__main__":
    main()
