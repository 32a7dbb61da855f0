"""The charts of what is proven; every estimate is drawn with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from myriad.kit.money import Money
from myriad.products.keeper.pages import proof_words as words
from myriad.products.keeper.views import (
    ArmCard,
    KindScore,
    MoneyBounds,
    PeerCallsRow,
    PlaybookRow,
    ShareBounds,
)
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
    drawn = [_more(row.playbook, row.uplift) for row in rows]
    return _kinds(drawn, "More people come back, by kind of call")


def peers(rows: Sequence[PeerCallsRow]) -> Markup:
    """Return the same for the accounts of the network; kinds that are withheld are left out."""
    drawn = [_more(row.playbook, row.uplift) for row in rows if row.uplift]
    return _kinds(drawn, "More people come back among peers, by kind of call")


def _more(playbook: str, uplift: ShareBounds) -> Estimate:
    return Estimate(
        words.PLAYBOOK_WORDS.get(playbook, title_case_key(playbook)),
        uplift.estimate,
        uplift.low,
        uplift.high,
        f"{words.points(uplift.estimate)}, {words.signed(uplift.low)} "
        f"to {words.signed(uplift.high)}",
        _kind(uplift.low, uplift.high, 0),
    )


def _kinds(drawn: Sequence[Estimate], title: str) -> Markup:
    return interval_chart(
        drawn,
        title=title,
        desc=" ".join(f"{row.name}: {row.text}." for row in drawn),
        marks=((0.0, "no difference"),),
    )


def _exact(value: Money) -> str:
    return value.format().replace("-", words.MINUS)


def _kind(low: float, high: float, line: float) -> Kind:
    """Return the colour's meaning: good or bad only where the interval leaves no doubt."""
    return "good" if low > line else "bad" if high < line else "info"
