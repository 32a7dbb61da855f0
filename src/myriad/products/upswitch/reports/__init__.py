"""A valuation as a document to hand over: PDF to read, a workbook to check."""

from myriad.products.upswitch.reports.rendering import (
    MEDIA_TYPES,
    file_name,
    render,
    render_pdf,
)

__all__ = ["MEDIA_TYPES", "file_name", "render", "render_pdf"]
