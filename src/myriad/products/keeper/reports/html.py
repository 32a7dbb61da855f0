"""A report as one HTML file with its charts inside, to open or to send."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from myriad.products.keeper.reports import goal_words, words
from myriad.products.keeper.reports.points import takings_point, visits_point
from myriad.products.keeper.views import ReportView
from myriad.scale.ui.charts import bar_chart, line_chart

_environment = Environment(
    loader=PackageLoader("myriad.products.keeper.reports", "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_html(view: ReportView, business: str) -> str:
    """Return the report of `business` as a page that needs nothing else."""
    visits = [visits_point(day.local_date, day.visits) for day in view.days]
    takings = [takings_point(day.local_date, day.revenue) for day in view.days]
    return _environment.get_template("report.html").render(
        view=view,
        business=business,
        words=words,
        goals=goal_words,
        visits=bar_chart(visits, title="Visits per day", desc="Visits on each day"),
        takings=line_chart(takings, title="Takings per day", desc="Net takings on each day"),
    )
