"""The operator's page of models: what they cost and how they do, over all accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.responses import Response

from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import list_health, list_spend_by_day, list_spend_of_all
from myriad.scale.ai.upkeep import measure_batches
from myriad.scale.http import CurrentRuntime, Operator, Router
from myriad.scale.runtime import Runtime
from myriad.scale.ui import Renderer
from myriad.scale.ui.filters import plural
from myriad.scale.ui.page import OperatorPage

MODELS = "/models"
DAYS = 30
_MICROS = 1_000_000

router = Router(tags=["models"])
_renderer = Renderer(Path(__file__).parent / "templates")


_NAMES = {
    "anthropic": "Anthropic",
    "openai": "OpenAI",
    "compatible": "The server that speaks as OpenAI does",
}


@dataclass(frozen=True)
class ModelsView:
    """What the page tells; money in micro-dollars."""

    providers: tuple[str, ...]
    spend: Sequence[dict[str, Any]]
    days: Sequence[dict[str, Any]]
    health: Sequence[dict[str, Any]]
    batches_open: int
    oldest_seconds: float
    today: date

    @property
    def answer(self) -> str:
        """The page's first line."""
        if not self.spend:
            return "No model was asked in thirty days"
        return f"Models cost {dollars(self.total)} in thirty days, {dollars(self.cost_today)} today"

    @property
    def lead(self) -> str:
        """Who answers, and what waits."""
        known = [_NAMES.get(name, name) for name in self.providers]
        names = " and ".join(known) if known else "Only the offline provider"
        verb = "answer" if len(self.providers) > 1 else "answers"
        count = plural(self.batches_open, "batch", "batches") if self.batches_open else "no batch"
        waiting = f"{count} {'are' if self.batches_open > 1 else 'is'} under way"
        if self.batches_open:
            waiting += f", the oldest for {self.oldest_seconds / 3600:.1f} hours"
        return f"{names} {verb}; {waiting}."

    @property
    def total(self) -> int:
        """What all days cost together."""
        return sum(row["cost_usd_micros"] for row in self.days)

    @property
    def cost_today(self) -> int:
        """What this UTC day has cost so far."""
        return sum(row["cost_usd_micros"] for row in self.days if row["day"] == self.today)


def dollars(micros: int) -> str:
    """Return micro-dollars for people, with the digits that small sums need."""
    return f"${micros / _MICROS:,.2f}" if micros >= _MICROS else f"${micros / _MICROS:,.4f}"


async def look_at_models(runtime: Runtime) -> ModelsView:
    """Return what operators see of models."""
    now = datetime.now(UTC)
    today = now.date()
    first = today - timedelta(days=DAYS - 1)
    batches_open, oldest = await measure_batches(runtime.database)
    return ModelsView(
        providers=Gateway.of(runtime).providers.configured,
        spend=await list_spend_of_all(runtime.database, first, today),
        days=await list_spend_by_day(runtime.database, first, today),
        health=await list_health(runtime.database, now - timedelta(days=1)),
        batches_open=batches_open,
        oldest_seconds=oldest,
        today=today,
    )


@router.get(MODELS)
async def show_models(_caller: Operator, page: OperatorPage, runtime: CurrentRuntime) -> Response:
    """Show what models cost and how they do, for operators of the installation."""
    view = await look_at_models(runtime)
    return _renderer.respond(page, "console/models.html", view=view, dollars=dollars)
