"""Reports as files: HTML that stands alone, and PDF; both show the stored numbers of one report."""

from myriad.products.keeper.reports.html import render_html
from myriad.products.keeper.reports.pdf import render_pdf

__all__ = ["render_html", "render_pdf"]
