"""A report's file is named after the company in letters that every system takes."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from myriad.products.upswitch.reports.rendering import file_name


@pytest.mark.parametrize(
    ("company", "name"),
    [
        ("A.B.C. Müller & Søns BVBA", "a-b-c-muller-sons-bvba-2026-11-22.pdf"),
        ("Société Générale de Pâtisserie SA", "societe-generale-de-patisserie-sa-2026-11-22.pdf"),
        ("Łukasz Ștefan Œuvre", "lukasz-stefan-oeuvre-2026-11-22.pdf"),
        ("../../etc/passwd", "etc-passwd-2026-11-22.pdf"),
        ("日本", "valuation-2026-11-22.pdf"),
    ],
)
def test_a_file_is_named_after_the_company(company: str, name: str) -> None:
    view = cast(Any, SimpleNamespace(company_name=company, as_of=date(2026, 11, 22)))
    assert file_name(view, "pdf") == name
