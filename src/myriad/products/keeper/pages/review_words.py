"""The sentences and the chart of the Reviews screen."""

from __future__ import annotations

import re

from myriad.products.keeper.pages.figures import Figure
from myriad.products.keeper.reviewing import REASONS
from myriad.products.keeper.views.reviews import ReviewCard, ReviewsView, ReviewVisit
from myriad.scale.ui.charts import Point, line_chart
from myriad.scale.ui.filters import in_words, plural

_STARS = 5
_SURE, _LIKELY = 0.8, 0.5
_ENOUGH_MONTHS = 2
_LINE = re.compile(r"line \d+: ")
SOURCES = {"google": "Google", "file": "a file"}
MISMATCHES = {
    "worse_than_stars": "Words unhappier than the stars",
    "better_than_stars": "Words happier than the stars",
}
FEELINGS = {"good": "good", "bad": "bad", "mixed": "warn", "neutral": "hollow"}


def answer(view: ReviewsView) -> str:
    """Return the first line of the screen: what to do about reviews."""
    total = view.counts.get("all", 0)
    if not total:
        return "No reviews yet."
    mean = f"{view.mean:.1f} stars over {plural(total, 'review')}" if view.mean else None
    waiting = view.counts.get("unanswered", 0)
    if not waiting:
        return f"Every review is answered: {mean or plural(total, 'review')}."
    verb = "waits" if waiting == 1 else "wait"
    told = f"{in_words(waiting)} of {plural(total, 'review')} {verb} for an answer"
    return f"{told[0].upper()}{told[1:]}{f'; {view.mean:.1f} stars on average' if mean else ''}"


def trend(view: ReviewsView) -> Figure | None:
    """Return mean stars by month, or None while fewer than two months have any."""
    rated = [month for month in view.months if month.mean is not None]
    if len(rated) < _ENOUGH_MONTHS:
        return None
    points = tuple(
        Point(
            f"{month.month:%b %Y}",
            month.mean or 0.0,
            f"{month.mean:.1f} stars, {plural(month.reviews, 'review')}",
        )
        for month in rated
    )
    lowest = min(rated, key=lambda month: month.mean or 0)
    desc = f"Lowest in {lowest.month:%B %Y} with {lowest.mean:.1f}."
    chart = line_chart(points, title="Stars by month", desc=desc, unit=lambda value: f"{value:.1f}")
    return Figure(chart, points, f"{len(rated)} months with stars")


def stars(card: ReviewCard) -> str:
    """Return stars for the eye, such as ★★★☆☆."""
    return "★" * (card.stars or 0) + "☆" * (_STARS - (card.stars or 0)) if card.stars else ""


def stars_aloud(card: ReviewCard) -> str:
    """Return stars for the ear."""
    return f"{plural(card.stars, 'star')} of five" if card.stars else "No stars given"


def source(card: ReviewCard) -> str:
    """Return where the review stands."""
    return SOURCES.get(card.source, card.source.removesuffix(" file").capitalize())


def likely(visit: ReviewVisit) -> str:
    """Return how sure the match to a visit is, in a word."""
    if visit.probability >= _SURE:
        return "Most likely"
    return "Probably" if visit.probability >= _LIKELY else "Perhaps"


def refusal(reason: str, detail: str) -> str:
    """Return why a row was kept apart, in words; its line stands beside them."""
    return _LINE.sub("", detail, count=1) or REASONS.get(reason, reason.replace("_", " "))
