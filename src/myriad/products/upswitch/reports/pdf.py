"""A valuation as PDF, drawn with reportlab: the range, how it comes about, what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.platypus import Spacer, Table

from myriad.kit.money import Money, minor_digits
from myriad.products.upswitch.engine.metrics import normalise
from myriad.products.upswitch.engine.sensitivity import tornado
from myriad.products.upswitch.engine.valuation import Valuation
from myriad.products.upswitch.languages import ENGLISH, Language
from myriad.products.upswitch.reports.drawings import Span, spans
from myriad.products.upswitch.valuations import words
from myriad.products.upswitch.valuations.asking import equity_of, sensitivity
from myriad.products.upswitch.views.valuations import ValuationView
from myriad.scale.ui.paper import (
    BODY,
    HEAD,
    LEAD,
    QUIET,
    TITLE,
    WIDTH,
    Story,
    draw,
    section,
    table_of,
    text_of,
)


def render_pdf(view: ValuationView, valuation: Valuation, language: Language = ENGLISH) -> bytes:
    """Return the valuation as a PDF document; the same valuation is the same bytes."""
    return draw(
        _story(Sheet(view, valuation, language)),
        title=language.say("report.title", company=view.company_name),
        author="Upswitch",
        subject=language.say("report.digest", hash=view.hash),
        lang=language.locale,
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn, and in which language."""

    view: ValuationView
    valuation: Valuation
    language: Language

    def say(self, key: str, **values: object) -> str:
        """Return one of the report's sentences."""
        return self.language.say(f"report.{key}", **values)

    def say_all(self, *keys: str) -> tuple[str, ...]:
        """Return several, such as the heads of a table."""
        return tuple(self.say(key) for key in keys)

    def rounded(self, amount: Money) -> str:
        """Return an amount to three figures."""
        return words.rounded(amount, self.language)

    def percent(self, share: float) -> str:
        """Return a fraction as a percentage."""
        return words.percent(share, self.language)

    def amount(self, amount: float | None) -> str:
        """Return an amount of the valuation, a dash for none."""
        if amount is None:
            return "\N{EN DASH}"
        return self.language.money(self.valuation.as_money(amount))


def _story(sheet: Sheet) -> Story:
    view, day = sheet.view, sheet.language.day
    made = sheet.say(
        "made",
        day=day(view.as_of),
        engine=view.engine_version,
        vintage=view.vintage,
        since=day(view.parameters_valid_from),
    )
    return [
        text_of(sheet.say("title", company=view.company_name), TITLE),
        text_of(f"{words.sentence(view, sheet.language)}.", LEAD),
        text_of(made, QUIET),
        *_methods(sheet),
        *_years(sheet),
        *_cash_flows(sheet),
        *_moves(sheet),
        *_attacks(sheet),
        *_assumptions(sheet),
        *_notes(sheet),
        Spacer(1, 5 * mm),
        text_of(sheet.say("workbook"), QUIET),
        text_of(sheet.say("digest", hash=view.hash), QUIET),
    ]


def _methods(sheet: Sheet) -> Story:
    view, valuation, language = sheet.view, sheet.valuation, sheet.language
    unit = 10 ** minor_digits(view.middle.currency)
    bars = [
        Span(
            f"{words.named(bar.label, language)} ({language.percent(bar.weight, 0)})",
            bar.low,
            bar.middle,
            bar.high,
            _range(sheet, valuation.as_money(bar.low), valuation.as_money(bar.high)),
            bar.in_range,
        )
        for bar in valuation.blend.bars
    ]
    middle = view.middle.minor / unit / valuation.inputs.units
    sources = [
        text_of(
            f"{words.named(method.label, language)}: {words.grounded(method.source, language)}. "
            f"{words.note(method.note, language)}".strip(),
            QUIET,
        )
        for method in valuation.methods
    ]
    drawing = spans(bars, WIDTH, middle)
    return section(sheet.say("range"), [drawing, Spacer(1, 2 * mm), *sources])


def _range(sheet: Sheet, low: Money, high: Money) -> str:
    return sheet.say("to", low=sheet.rounded(low), high=sheet.rounded(high))


def _years(sheet: Sheet) -> Story:
    approach = sheet.valuation.inputs.market_approach
    if approach is None:
        return []
    rows, language = [], sheet.language
    for year in sorted(approach.history, key=lambda each: each.end, reverse=True):
        normal = normalise(year)
        revenues = normal.figures["revenues"]
        amounts = (revenues, normal.reported_ebitda, normal.adjustments, normal.figures["ebitda"])
        rows.append([language.written(year.end), *(sheet.amount(amount) for amount in amounts)])
    names = sheet.say_all("year_to", "turnover", "ebitda_filed", "adjustments", "ebitda_normal")
    return section(sheet.say("years"), [table_of(names, rows, (0.2, 0.2, 0.2, 0.2, 0.2), 1)])


def _cash_flows(sheet: Sheet) -> Story:
    solved = sheet.valuation.solved
    if solved is None:
        return []
    flows, discounted = solved.projection, solved.discounted
    rows = [
        [
            str(year),
            sheet.amount(float(flows.revenues[year - 1])),
            sheet.percent(round(float(flows.margin[year - 1]), 4)),
            sheet.amount(float(flows.cash_flow[year - 1])),
            sheet.percent(round(float(flows.cost_of_capital[year - 1]), 4)),
            sheet.amount(float(discounted.present_value[year - 1])),
        ]
        for year in range(1, 11)
    ]
    names = sheet.say_all(
        "year", "turnover", "margin", "cash_flow", "cost_of_capital", "worth_today"
    )
    terminal = sheet.say(
        "terminal",
        value=sheet.amount(float(discounted.terminal_value)),
        today=sheet.amount(float(discounted.present_terminal_value)),
    )
    table = table_of(names, rows, (0.1, 0.2, 0.14, 0.2, 0.16, 0.2), 1)
    return section(sheet.say("cash_flow"), [table, text_of(terminal, QUIET)])


def _moves(sheet: Sheet) -> Story:
    valuation = sheet.valuation
    if valuation.solved is None:
        return []
    swings = []
    for swing in tornado(valuation.solved.basis):
        if not swing.width:
            continue
        ends = sorted((swing.low, swing.high))
        low, high = (equity_of(valuation, end) for end in ends)
        base = equity_of(valuation, float(valuation.solved.equity.per_share))
        label = sheet.language.find(f"lever.{swing.lever}", swing.label)
        name = f"{words.named(label)} ±{words.step(swing.lever, swing.step, sheet.language)}"
        swings.append(Span(name, low.minor, base.minor, high.minor, _range(sheet, low, high)))
    lead = text_of(sheet.say("moves_lead"), QUIET)
    parts = [lead, spans(swings, WIDTH), Spacer(1, 3 * mm), _grid(sheet)]
    return section(sheet.say("moves"), parts)


def _grid(sheet: Sheet) -> Table:
    found, nothing = sensitivity(sheet.valuation), sheet.say("no_meaning")
    rows = [
        [sheet.percent(y), *(nothing if cell is None else sheet.rounded(cell) for cell in row)]
        for y, row in zip(found.y, found.values, strict=True)
    ]
    names = (sheet.say("growth_capital"), *(sheet.percent(x) for x in found.x))
    return table_of(names, rows, (0.2, *(0.16,) * 5), 1)


def _attacks(sheet: Sheet) -> Story:
    language = sheet.language
    rows = [
        [
            language.find(f"flag.{flag.code}", flag.title),
            words.signed(sheet.valuation.as_money(flag.effect), language),
            words.reckoned(flag.code, flag.formula, flag.figures, language),
        ]
        for flag in sheet.valuation.flags
    ]
    if not rows:
        return []
    table = table_of(sheet.say_all("point", "effect", "reckoned"), rows, (0.35, 0.2, 0.45), 3)
    return section(sheet.say("attacks"), [table])


def _assumptions(sheet: Sheet) -> Story:
    view, language = sheet.view, sheet.language
    rows = [
        [
            words.labelled(row, language),
            words.assumed(row, view.middle.currency, language),
            words.instead_of(row, view.middle.currency, language),
            words.grounded(row.source, language),
            language.written(row.as_of),
        ]
        for row in view.assumptions
        if row.value is not None
    ]
    if not rows:
        return []
    names = sheet.say_all("what", "value", "instead", "source", "of")
    table = table_of(names, rows, (0.26, 0.13, 0.11, 0.36, 0.14), 9)
    return [text_of(sheet.say("rests"), HEAD), table]


def _notes(sheet: Sheet) -> Story:
    found = sheet.view.outputs.get("notes", ())
    notes = [text_of(words.note(note, sheet.language), BODY) for note in found]
    return section(sheet.say("notes"), notes)
