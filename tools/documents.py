"""The documents app: what a PDF says, in a few of its own sentences, or in a model's."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .allowed_folders import AllowedFolders, read_regular
from .decorator import tool
from .effect import Effect
from .errors import ToolFailed
from .pdf_text import pdf_text

LARGEST = 50_000_000
"""Bytes of a PDF."""

SENTENCES = 5

MOST_FOR_A_MODEL = 4_000
"""Characters that a model gets to read: of a longer text, the sentences that say most of it."""

MODEL_S = 120.0
"""How long a model may take; after that the PDF's own sentences have to do."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Documents:
    """PDFs in the open folders."""

    folders: AllowedFolders
    summarize: Callable[[str], Awaitable[str]] | None = None
    """Puts a text into few words; without it, or where it fails, the PDF's own sentences are chosen."""

    @tool(
        effect=Effect.READ,
        state="documents",
        timeout_s=60 + MODEL_S,
        say="{result}",
        from_others=True,
        source="the PDF {path}",
    )
    async def summarize_pdf(self, path: str) -> str:
        """Summarize a PDF document.

        Args:
            path: Path of the PDF

        Returns:
            Summary
        """
        from .summary import split_sentences, summary  # numpy takes a while: only who asks waits

        there = self.folders.file(path)
        text = await asyncio.to_thread(lambda: pdf_text(read_regular(there, LARGEST), there.name))
        if not any(map(str.isalpha, text)):
            raise ToolFailed(
                f"{there.name} holds pictures of text, as scans do. Make its text readable first (OCR), "
                "with `ocrmypdf` for example."
            )
        if not split_sentences(text):  # a form, a table, slides
            return " ".join(text.split())[:1000]
        told = await self._by_model(await asyncio.to_thread(_most_of, text))
        return told or await asyncio.to_thread(summary, text, SENTENCES)

    async def _by_model(self, text: str) -> str:
        """A model's summary; empty where there is none to be had."""
        if self.summarize is None:
            return ""
        try:
            async with asyncio.timeout(MODEL_S):
                return await self.summarize(text)
        except Exception as error:  # whatever a model's engine raises
            _log.warning("the model gave no summary: %s", error)
            return ""


def _most_of(text: str) -> str:
    from .summary import summary

    plain = " ".join(text.split())
    return plain if len(plain) <= MOST_FOR_A_MODEL else summary(text, 30)[:MOST_FOR_A_MODEL]
