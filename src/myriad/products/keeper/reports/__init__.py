"""Reports as files: HTML that stands alone, and PDF; both show the stored numbers of one report."""

from myriad.kit.lazy import lazily
from myriad.products.keeper.reports.html import render_html
from myriad.products.keeper.views import ReportView

__all__ = ["render_html", "render_pdf"]

# reportlab costs a second and 15 MB, and a process draws its first PDF late or never.
_pdf = lazily("myriad.products.keeper.reports.pdf")


def render_pdf(view: ReportView, business: str) -> bytes:
    """Return the report of `business` as a PDF document."""
    document: bytes = _pdf.render_pdf(view, business)
    return document
