"""The documents app: what a PDF says, in a few of its own sentences."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from statistics import median
from typing import TYPE_CHECKING

from .allowed_folders import AllowedFolders, read_regular
from .decorator import tool
from .effect import Effect
from .errors import ToolFailed

if TYPE_CHECKING:
    from pypdf import PdfReader

LARGEST = 50_000_000
"""Bytes of a PDF."""

MOST_PAGES = 200
LONGEST_TEXT = 1_000_000
"""Characters that are read; a longer document is summarized up to there."""

SENTENCES = 5


@dataclass(frozen=True, slots=True)
class Documents:
    """PDFs in the open folders."""

    folders: AllowedFolders

    @tool(
        effect=Effect.READ,
        state="documents",
        timeout_s=60,
        say="{result}",
        from_others=True,
        source="the PDF {path}",
    )
    def summarize_pdf(self, path: str) -> str:
        """Summarize a PDF document.

        Args:
            path: Path of the PDF

        Returns:
            Summary
        """
        from .summary import split_sentences, summary  # numpy and pypdf take a while: only who asks waits

        there = self.folders.file(path)
        text = _text(read_regular(there, LARGEST), there.name)
        if not any(map(str.isalpha, text)):
            raise ToolFailed(
                f"{there.name} holds pictures of text, as scans do. Make its text readable first (OCR), "
                "with `ocrmypdf` for example."
            )
        if not split_sentences(text):  # a form, a table, slides
            return " ".join(text.split())[:1000]
        return summary(text, SENTENCES)


def _text(content: bytes, name: str) -> str:
    """The text of the pages. Raises ToolFailed when there is none to be had."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns about every oddity of every PDF
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ToolFailed(f"{name} is locked by a password. Open it in its own program.")
        return "\n\n".join(_pages(reader))
    except ToolFailed:
        raise
    except (PyPdfError, RecursionError, MemoryError) as error:
        raise ToolFailed(f"{name} is not a PDF that can be read: {error}.") from error
    except Exception as error:  # pypdf raises anything on broken or hostile files
        raise ToolFailed(f"{name} is not a PDF that can be read ({type(error).__name__}).") from error


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
