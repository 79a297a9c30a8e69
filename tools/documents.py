"""The documents app: what a PDF says, in a few of its own sentences."""

from dataclasses import dataclass

from .allowed_folders import AllowedFolders, read_regular
from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .pdf_text import pdf_text

LARGEST = 50_000_000
"""Bytes of a PDF."""

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
        from .summary import split_sentences, summary  # numpy takes a while: only who asks waits

        there = self.folders.file(path)
        text = pdf_text(read_regular(there, LARGEST), there.name)
        if not any(map(str.isalpha, text)):
            raise ToolFailed(
                f"{there.name} holds pictures of text, as scans do. Make its text readable first (OCR), "
                "with `ocrmypdf` for example."
            )
        if not split_sentences(text):  # a form, a table, slides
            return " ".join(text.split())[:1000]
        return summary(text, SENTENCES)
