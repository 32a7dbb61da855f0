"""A valuation as a workbook whose formulas are live: change an input, and every number follows.

Written as Office Open XML (ECMA-376) with the standard library: two sheets, no styles beyond
number formats, nothing that a library would do better. Each number of the trace is a row; a made
number is its formula over the rows above, with its value stored beside it for readers that do not
compute. Text is stored as text, never as a formula.
"""

from __future__ import annotations

import io
import math
import zipfile
from xml.sax.saxutils import escape

from myriad.kit.sheets import safe_cell
from myriad.products.upswitch.engine.formula import with_names
from myriad.products.upswitch.engine.proof import prove_all
from myriad.products.upswitch.engine.trace import Step, Trace
from myriad.products.upswitch.engine.valuation import Valuation

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The earliest day a zip file can name: the same valuation is the same bytes."""
_FIRST_ROW = 2
_PLAIN, _AMOUNT, _RATE, _BOLD = 0, 1, 2, 3

_FILES = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet2.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
    '<sheet name="Valuation" sheetId="1" r:id="rId1"/>'
    '<sheet name="Proof" sheetId="2" r:id="rId2"/></sheets>'
    '<calcPr calcId="0" fullCalcOnLoad="1"/></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet2.xml"/>'
    f'<Relationship Id="rId3" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="0.0000"/></numFmts><fonts count="2">'
    '<font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>",
}


def write_workbook(valuation: Valuation) -> bytes:
    """Return the valuation as an XLSX file: a summary, and a proof with live formulas."""
    trace = prove_all(valuation)
    places = {step.key: place for place, step in enumerate(trace, start=_FIRST_ROW)}
    parts = {
        **_FILES,
        "xl/worksheets/sheet1.xml": _sheet(_summary(valuation, places), (46, 22, 40)),
        "xl/worksheets/sheet2.xml": _sheet(_proof(trace, places), (34, 52, 20, 64, 52)),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name, _WHEN), _XML + content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _sheet(rows: list[list[str]], widths: tuple[int, ...]) -> str:
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(widths, start=1)
    )
    lines = "".join(
        f'<row r="{number}">{"".join(cells)}</row>' for number, cells in enumerate(rows, start=1)
    )
    return f'<worksheet xmlns="{_MAIN}"><cols>{columns}</cols><sheetData>{lines}</sheetData></worksheet>'


def _text(at: str, words: str, style: int = _PLAIN) -> str:
    shown = escape(safe_cell("".join(c for c in words if c >= " ")))
    return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def _number(at: str, value: float, style: int, formula: str | None = None) -> str:
    if not math.isfinite(value):
        return _text(at, "n/m")
    made = "" if formula is None else f"<f>{escape(formula)}</f>"
    return f'<c r="{at}" s="{style}">{made}<v>{value!r}</v></c>'


def _summary(valuation: Valuation, places: dict[str, int]) -> list[list[str]]:
    inputs, blend = valuation.inputs, valuation.blend
    name = inputs.input_sheet.company_name or "Valuation"
    unit = {1: "", 1000: "thousand ", 1_000_000: "million "}[inputs.units]
    rows = [[_text("A1", name, _BOLD)], [_text("A2", f"Amounts in {unit}{inputs.currency}")], []]
    for label, key, value in (
        ("Low", "blend_low", blend.low),
        ("Value", "blend_middle", blend.middle),
        ("High", "blend_high", blend.high),
    ):
        at = len(rows) + 1
        # Rounded in the workbook too, so that what is shown is what was stored, to the cent.
        cell = _number(f"B{at}", round(value, 2), _AMOUNT, f"ROUND(Proof!C{places[key]},2)")
        rows.append([_text(f"A{at}", label, _BOLD), cell])
    rows.append([])
    words = (
        f"Engine {valuation.engine_version}, parameters {valuation.parameters.name}",
        *valuation.notes,
        *(f"{flag.title}: {flag.effect:,.0f} = {flag.formula}" for flag in valuation.flags),
        "Every number is on the sheet Proof: change what was given there, and all follows.",
    )
    for line in words:
        rows.append([_text(f"A{len(rows) + 1}", line)])
    return rows


def _proof(trace: Trace, places: dict[str, int]) -> list[list[str]]:
    titles = ("key", "what", "number", "formula", "source")
    head = [
        _text(f"{column}1", title, _BOLD) for column, title in zip("ABCDE", titles, strict=True)
    ]
    return [head, *(_row(step, places) for step in trace)]


def _row(step: Step, places: dict[str, int]) -> list[str]:
    at = places[step.key]
    formula = step.expression and with_names(step.expression, lambda key: f"C{places[key]}")
    style = _AMOUNT if abs(step.value) >= 20 else _RATE
    where = f"{step.source} [{step.cell}]" if step.cell else step.source
    return [
        _text(f"A{at}", step.key),
        _text(f"B{at}", step.label),
        _number(f"C{at}", step.value, style, formula),
        _text(f"D{at}", step.expression or "given"),
        _text(f"E{at}", where),
    ]
