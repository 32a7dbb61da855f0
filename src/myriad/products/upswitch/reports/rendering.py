"""The bytes of a report in the format that was asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from myriad.kit.lazy import lazily
from myriad.products.upswitch.engine.valuation import Valuation
from myriad.products.upswitch.engine.workbook import write_workbook
from myriad.products.upswitch.languages import ENGLISH, Language, language_of
from myriad.products.upswitch.views.valuations import ReportFormat, ValuationView

# reportlab costs half a second and 15 MB, and a process draws its first PDF late or never.
_pdf = lazily("myriad.products.upswitch.reports.pdf")

# Letters that do not come apart into a plain one and its mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"}
    | {"Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D"}
)
MEDIA_TYPES: Mapping[ReportFormat, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def render(
    view: ValuationView, valuation: Valuation, format_: ReportFormat, locale: str = "en"
) -> bytes:
    """Return the report; the same valuation in the same language is the same bytes.

    A workbook is in English, as the paths of its inputs are.
    """
    if format_ == "xlsx":
        return write_workbook(valuation)
    return render_pdf(view, valuation, language_of(locale))


def render_pdf(view: ValuationView, valuation: Valuation, language: Language = ENGLISH) -> bytes:
    """Return the report as a PDF document in a language."""
    document: bytes = _pdf.render_pdf(view, valuation, language)
    return document


def file_name(view: ValuationView, format_: ReportFormat) -> str:
    """Return a name for the file that any system takes."""
    plain = unicodedata.normalize("NFKD", view.company_name.translate(_LETTERS))
    ascii_only = plain.encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-").lower() or "valuation"
    return f"{name[:60]}-{view.as_of}.{format_}"
