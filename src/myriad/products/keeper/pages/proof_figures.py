"""The charts of what is proven; every estimate is drawn with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from myriad.kit.money import Money
from myriad.products.keeper.pages import proof_words as words
from myriad.products.keeper.views import ArmCard, KindScore, MoneyBounds, PlaybookRow
from myriad.scale.ui.charts import Estimate, interval_chart
from myriad.scale.ui.charts.intervals import Kind
from myriad.scale.ui.filters import percent, title_case_key


def accuracy(scores: Sequence[KindScore], goal: float) -> Markup:
    """Return how often each graded kind came true, against the goal."""
    rows = [
        Estimate(
            title_case_key(score.kind),
            score.right / score.graded,
            score.low,
            score.high,
            words.accuracy(score),
            _kind(score.low, score.high, goal),
        )
        for score in scores
        if score.low is not None and score.high is not None
    ]
    return interval_chart(
        rows,
        title="How often each kind came true",
        desc=" ".join(f"{row.name}: {row.text}." for row in rows),
        marks=((goal, f"goal {percent(goal)}"),),
        least=0.0,
        most=1.0,
    )


def arms(cards: Sequence[ArmCard]) -> Markup:
    """Return which share of each arm came back."""
    rows = [
        Estimate(
            words.ARM_WORDS[card.arm],
            card.share.estimate,
            card.share.low,
            card.share.high,
            f"{percent(card.share.estimate)}, {card.returned:,} of {card.people:,}",
            "info" if card.arm == "call" else "plain",
        )
        for card in cards
        if card.share
    ]
    return interval_chart(
        rows,
        title="Who came back",
        desc=" ".join(f"{row.name}: {row.text}." for row in rows),
        least=0.0,
        marks=((0.0, "nobody"),),
    )


def per_call(money: MoneyBounds) -> Markup:
    """Return what one call brings."""
    row = Estimate(
        "One call brings",
        money.estimate.minor,
        money.low.minor,
        money.high.minor,
        f"{_exact(money.estimate)}, {_exact(money.low)} to {_exact(money.high)}",
        _kind(money.low.minor, money.high.minor, 0),
    )
    return interval_chart(
        [row], title="What one call brings", desc=f"{row.name} {row.text}.", marks=((0, "nothing"),)
    )


def playbooks(rows: Sequence[PlaybookRow]) -> Markup:
    """Return by how much more people come back when called, by kind of call."""
    drawn = [
        Estimate(
            words.PLAYBOOK_WORDS.get(row.playbook, title_case_key(row.playbook)),
            row.uplift.estimate,
            row.uplift.low,
            row.uplift.high,
            f"{words.points(row.uplift.estimate)}, {words.signed(row.uplift.low)} "
            f"to {words.signed(row.uplift.high)}",
            _kind(row.uplift.low, row.uplift.high, 0),
        )
        for row in rows
    ]
    return interval_chart(
        drawn,
        title="More people come back, by kind of call",
        desc=" ".join(f"{row.name}: {row.text}." for row in drawn),
        marks=((0.0, "no difference"),),
    )


def _exact(value: Money) -> str:
    return value.format().replace("-", words.MINUS)


def _kind(low: float, high: float, line: float) -> Kind:
    """Return the colour's meaning: good or bad only where the interval leaves no doubt."""
    return "good" if low > line else "bad" if high < line else "info"
