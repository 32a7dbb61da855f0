"""What others have published, as marks from outside the network.

Boulevard, "Boulevard Report Reveals Top-Performing Salons Retain 56 Percent More First-Time
Visitors Than Average", press release of 10 October 2023: more than 11 million appointments of
2,500 businesses from January 2022 to March 2023. Both shares are of first-time visits; the report
names no time limit, so that ours, within 180 days, can only be lower.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Boulevard, 11 million appointments, 2022 to 2023"
SOURCE_HREF = (
    "https://www.joinblvd.com/newsroom/"
    "boulevard-report-reveals-top-performing-salons-retain-56-percent-more-first-time-visitora"
)
SALONS = frozenset({"spa", "salon", "barber", "nails", "massage"})


@dataclass(frozen=True, slots=True)
class OutsideMark:
    """One published value of a figure and whose it is."""

    figure: str
    who: str
    value: float
    source: str = SOURCE
    href: str = SOURCE_HREF


MARKS = (
    OutsideMark("second_visit", "average salon", 0.45),
    OutsideMark("second_visit", "top tenth of salons", 0.70),
    OutsideMark("third_visit", "average salon", 0.39),
    OutsideMark("third_visit", "top tenth of salons", 0.57),
)


def marks_for(vertical: str, figure: str) -> tuple[OutsideMark, ...]:
    """Return the marks that mean something to a business of this kind."""
    return tuple(mark for mark in MARKS if mark.figure == figure and vertical in SALONS)
