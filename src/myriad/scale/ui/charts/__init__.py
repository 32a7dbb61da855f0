"""Charts drawn on the server as SVG: text to select, print and test, no script needed.

Every function is pure, returns Markup, names and describes itself for screen readers and can be
saved as a file of its own. A page puts a chart in the `figure` component, which adds the numbers
as a table.
"""

from myriad.scale.ui.charts.grids import value_grid
from myriad.scale.ui.charts.intervals import Estimate, interval_chart
from myriad.scale.ui.charts.marks import Point
from myriad.scale.ui.charts.series import (
    bar_chart,
    histogram,
    histogram_points,
    line_chart,
    sparkline,
)
from myriad.scale.ui.charts.spans import Span, span_chart
from myriad.scale.ui.charts.strips import cadence_strip, calendar_strip, share_bar, weight_bar
from myriad.scale.ui.charts.whiskers import Whisker, whisker, whisker_series

__all__ = [
    "Estimate",
    "Point",
    "Span",
    "Whisker",
    "bar_chart",
    "cadence_strip",
    "calendar_strip",
    "histogram",
    "histogram_points",
    "interval_chart",
    "line_chart",
    "share_bar",
    "span_chart",
    "sparkline",
    "value_grid",
    "weight_bar",
    "whisker",
    "whisker_series",
]
