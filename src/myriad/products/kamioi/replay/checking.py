"""What must hold when a replay has ended, however often it was killed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from myriad.products.kamioi.broker.market import next_window
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.money.brokers import paper_for
from myriad.products.kamioi.money.invariants import check_invariants
from myriad.products.kamioi.money.reconciliation import reconcile
from myriad.products.kamioi.replay.generated import Plan
from myriad.products.kamioi.replay.steps import noon
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import Database


@dataclass(frozen=True, slots=True)
class Checked:
    """What is there, and what is wrong with it.

    `lost` counts purchases and round-ups too few or too many, `off` what rollups are away from
    their rows, `differing` positions that the broker sees otherwise; `rules` are those of the
    money's invariants that do not hold, `violations` how often.
    """

    purchases: int
    round_ups: int
    entries: int
    lots: int
    strings: int
    lost: int
    off: int
    differing: int
    violations: int
    rules: tuple[str, ...]

    @property
    def errors(self) -> int:
        """Everything that is wrong."""
        return self.lost + self.off + self.differing + self.violations


async def check(database: Database, plan: Plan) -> Checked:
    """Return what stands of a replay that has ended."""
    last = PaperBank().settles_on(plan.first + timedelta(days=plan.days - 1))
    async with database.session(plan.tenant_id) as session:
        wrong = await check_invariants(session)
        window = next_window(noon(last))
        differing = await reconcile(session, await paper_for(session, window), window)
        found = await queries.get(session, "count_replayed")
    purchases_off = found.pop("purchases_rolled_up") - found["purchases"]
    round_ups_off = found.pop("round_ups_rolled_up") - found["round_ups"]
    expected = plan.per_day * plan.days
    return Checked(
        **found,
        lost=abs(expected - found["purchases"]) + abs(expected - found["round_ups"]),
        off=abs(purchases_off) + abs(round_ups_off),
        differing=differing,
        violations=len(wrong),
        rules=tuple(sorted({one.rule for one in wrong})),
    )
