"""What accounts compare: each figure, what it counts, and how coarsely it is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "money", "number"]

LEAST_WEIGHT = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of an account.

    `weighs` names what its weight counts, such as customers. Published values are multiples of
    `step`, for money of two significant digits. `more_is_better` is None where neither is.
    """

    name: str
    title: str
    meaning: str
    unit: Unit
    weighs: str
    step: float
    more_is_better: bool | None = True


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "second_visit",
            "Came a second time",
            "Of people who came for the first time, those who were back within 180 days.",
            "share",
            "new customers",
            0.01,
        ),
        Figure(
            "third_visit",
            "Came a third time",
            "Of people who came for the first time, those who came three times within 180 days.",
            "share",
            "new customers",
            0.01,
        ),
        Figure(
            "retention",
            "Retention",
            "Of this quarter's customers, those who had also come in the year before it.",
            "share",
            "customers",
            0.01,
        ),
        Figure(
            "revisit_30",
            "Back within 30 days",
            "Of customers of half a year, those who came again within 30 days.",
            "share",
            "customers",
            0.01,
        ),
        Figure(
            "revisit_60",
            "Back within 60 days",
            "Of customers of half a year, those who came again within 60 days.",
            "share",
            "customers",
            0.01,
        ),
        Figure(
            "revisit_90",
            "Back within 90 days",
            "Of customers of half a year, those who came again within 90 days.",
            "share",
            "customers",
            0.01,
        ),
        Figure(
            "average_ticket",
            "Average ticket",
            "Net takings of a paid visit over the last year.",
            "money",
            "visits",
            1.0,
            None,
        ),
        Figure(
            "visits_per_customer",
            "Visits a customer",
            "Visits over the last year for each person who came.",
            "number",
            "customers",
            0.1,
        ),
        Figure(
            "no_show",
            "No-shows",
            "Of last year's appointments, those to which nobody came.",
            "share",
            "appointments",
            0.01,
            False,
        ),
        Figure(
            "rebook",
            "Booked again at once",
            "Of visits of half a year, those after which the next one was booked within 48 hours.",
            "share",
            "visits",
            0.01,
        ),
        Figure(
            "review_average",
            "Stars",
            "The mean of last year's reviews.",
            "number",
            "reviews",
            0.1,
        ),
    )
}
