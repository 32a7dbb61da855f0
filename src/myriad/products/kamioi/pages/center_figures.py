"""The chart of the center: how often each method was right, where audits let it decide alone."""

from __future__ import annotations

from markupsafe import Markup

from myriad.products.kamioi.center.views import AuditedBin, Dashboard
from myriad.products.kamioi.mapping.confidence import AUTO_FROM
from myriad.products.kamioi.pages import center_words as say
from myriad.scale.ui.charts import Estimate, interval_chart

_MOST = 12


def bin_name(one: AuditedBin) -> str:
    """Return a method and its range of scores."""
    return f"{say.method(one.method).capitalize()}, score {one.score_bin / 10:.1f}+"


def precision(view: Dashboard) -> Markup | None:
    """Return the audited precision with its interval, the most audited first; None without audits."""
    bins = sorted(view.bins, key=lambda one: -one.share.total)[:_MOST]
    if not bins:
        return None
    rows = [
        Estimate(
            bin_name(one),
            one.share.value or 0.0,
            one.share.low,
            one.share.high,
            f"{one.share.right:,} of {one.share.total:,}",
            "good" if one.decides_alone else "info",
        )
        for one in bins
    ]
    return interval_chart(
        rows,
        title="Audited precision",
        desc="A line from the lower to the upper end of Wilson's 95 % interval, a dot at the share.",
        marks=[(AUTO_FROM, "98 %: decides alone")],
        most=1.0,
    )
