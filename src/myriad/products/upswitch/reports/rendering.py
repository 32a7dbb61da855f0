"""The bytes of a report in the format that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from myriad.kit.lazy import lazily
from myriad.products.upswitch.engine.valuation import Valuation
from myriad.products.upswitch.engine.workbook import write_workbook
from myriad.products.upswitch.languages import ENGLISH, Language, language_of
from myriad.products.upswitch.views.valuations import ReportFormat, ValuationView

# reportlab costs half a second and 15 MB, and a process draws its first PDF late or never.
_pdf = lazily("myriad.products.upswitch.reports.pdf")

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
    name = re.sub(r"[^A-Za-z0-9]+", "-", view.company_name).strip("-").lower() or "valuation"
    return f"{name[:60]}-{view.as_of}.{format_}"
