"""The eye of the other browser tests sees what is wrong, though it looks at few of many rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.fixtures.accessibility import faults_in_light_and_dark

pytestmark = pytest.mark.browser
_STYLE = "@media (prefers-color-scheme: dark) { .faint { color: #222; background: #000 } }"
_FIELD = '<input aria-label="Amount">'


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def _show(page: Page, style: str = "", kind: str = "", field: str = _FIELD) -> None:
    rows = [f'<li id="r{n}" class="{kind}">Row {n} {_FIELD}</li>' for n in range(30)]
    rows[20] = f"<li>Row 20 {field}</li>"
    page.set_content(
        f'<html lang="en"><title>Rows</title><style>{style}</style>'
        f"<main><h1>Rows</h1><ul>{''.join(rows)}</ul></main></html>"
    )


def test_a_page_without_fault_has_none(page: Page) -> None:
    _show(page)
    assert faults_in_light_and_dark(page) == []


def test_colours_of_rows_that_are_alike_are_told_by_the_first_four_and_the_last(page: Page) -> None:
    """Twenty-nine rows are faint in the dark and fine in light."""
    _show(page, _STYLE, "faint")
    faults = faults_in_light_and_dark(page)
    assert {fault.partition(":")[0] for fault in faults} == {"dark color-contrast"}
    assert [f'id="{row}"' in "".join(faults) for row in ("r0", "r3", "r4", "r29")] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("rule", [":nth-child(even)", ":last-child"])
def test_stripes_and_ends_are_looked_at(page: Page, rule: str) -> None:
    _show(page, f"li{rule} {{ color: #bbb; background: #fff }}")
    assert any("color-contrast" in fault for fault in faults_in_light_and_dark(page))


def test_one_row_that_looks_otherwise_is_looked_at(page: Page) -> None:
    _show(page, field=f'<b style="color: #bbb">faint</b> {_FIELD}')
    assert any("color-contrast" in fault for fault in faults_in_light_and_dark(page))


def test_every_other_rule_sees_every_row(page: Page) -> None:
    _show(page, field="<input>")
    assert [fault.partition(":")[0] for fault in faults_in_light_and_dark(page)] == ["light label"]
