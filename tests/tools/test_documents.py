"""Summaries of real PDFs."""

from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

from scrubjay.tools.allowed_folders import AllowedFolders, OutsideFolders
from scrubjay.tools.documents import MOST_FOR_A_MODEL, Documents
from scrubjay.tools.errors import ToolFailed

from .calling import answer, call
from .test_summary import REPORT


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    (tmp_path / "Documents").mkdir()
    return Documents(AllowedFolders((tmp_path / "Documents",)))


def put_pdf(documents: Documents, name: str, *pages: str, heading: str = "") -> Path:
    pdf = FPDF()
    for text in pages:
        pdf.add_page()
        pdf.set_font("Helvetica", size=18)
        pdf.cell(text=heading or " ", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", size=11)
        pdf.multi_cell(0, text=" ".join(text.split()))
    path = documents.folders.folders[0] / name
    pdf.output(str(path))
    return path


def test_a_pdf_is_told_in_a_few_of_its_own_sentences(documents: Documents) -> None:
    put_pdf(
        documents, "report.pdf", "Bread is baked on the island at five. " * 3, REPORT, heading="The Ferry"
    )
    told = call(documents.summarize_pdf, path="report.pdf")
    assert "The ferry to the island is delayed by four days because of the storm." in told
    assert "The Ferry" not in told
    assert "soup was warm" not in told
    assert len(told) < len(REPORT) + 100


def test_a_short_pdf_without_sentences_is_told_as_it_is(documents: Documents) -> None:
    put_pdf(documents, "card.pdf", "Ada Moreau, Harbour Street 4, Pinecreek")
    assert (
        answer(documents.summarize_pdf, path="Documents/card.pdf")
        == "Ada Moreau, Harbour Street 4, Pinecreek"
    )


def test_a_model_that_can_puts_it_into_its_own_words(documents: Documents) -> None:
    read: list[str] = []

    async def model(text: str) -> str:
        read.append(text)
        return "The ferry is late."

    put_pdf(documents, "report.pdf", *[REPORT] * 3, heading="The Ferry")
    able = Documents(documents.folders, model)
    assert call(able.summarize_pdf, path="report.pdf") == "The ferry is late."
    (text,) = read
    assert "The ferry to the island is delayed" in text
    assert len(text) <= MOST_FOR_A_MODEL


@pytest.mark.parametrize("error", [ValueError("broken"), None])
def test_where_a_model_fails_the_own_sentences_are_told(
    documents: Documents, error: Exception | None
) -> None:
    async def model(text: str) -> str:
        if error:
            raise error
        return ""

    put_pdf(documents, "report.pdf", REPORT)
    told = call(Documents(documents.folders, model).summarize_pdf, path="report.pdf")
    assert told == call(documents.summarize_pdf, path="report.pdf") != ""


def test_a_scan_is_told_from_a_text(documents: Documents) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.rect(10, 10, 50, 50)
    pdf.output(str(documents.folders.folders[0] / "scan.pdf"))
    with pytest.raises(ToolFailed, match=r"scan\.pdf holds pictures of text.*ocrmypdf"):
        call(documents.summarize_pdf, path="scan.pdf")


def test_a_locked_pdf_is_not_read(documents: Documents) -> None:
    path = put_pdf(documents, "locked.pdf", REPORT)
    writer = PdfWriter(PdfReader(path))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(path)
    with pytest.raises(ToolFailed, match="locked by a password"):
        call(documents.summarize_pdf, path="locked.pdf")


@pytest.mark.parametrize("cut", [0, 5, 200, 900])
def test_a_broken_pdf_is_named(documents: Documents, cut: int) -> None:
    path = put_pdf(documents, "broken.pdf", REPORT)
    path.write_bytes(path.read_bytes()[:cut].replace(b"Pages", b"Pxges"))
    with pytest.raises(ToolFailed, match=r"broken\.pdf is not a PDF that can be read"):
        call(documents.summarize_pdf, path="broken.pdf")


def test_a_pdf_elsewhere_is_not_read(documents: Documents) -> None:
    with pytest.raises(OutsideFolders):
        call(documents.summarize_pdf, path="../report.pdf")
    assert documents.summarize_pdf.from_others
