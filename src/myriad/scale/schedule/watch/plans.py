"""How a tenant watches one kind of thing: the task that looks, its bundles, its budget."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import inf

from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.store import CLASSES
from myriad.scale.schedule.adaptive.policy import DEFAULT_PRICE, fit_price
from myriad.scale.schedule.ensure import run
from myriad.scale.tenancy import current_tenant

_LARGEST_BUNDLE = 10_000
_LONGEST_KIND, _LONGEST_TASK = 50, 200


def check_name(what: str, name: str, longest: int) -> None:
    """Raise InvalidInputError unless `name` has 1 to `longest` characters."""
    if not 1 <= len(name) <= longest:
        raise InvalidInputError(f"{what} is a name of 1 to {longest} characters")


@dataclass(frozen=True)
class WatchPlan:
    """How things of one `kind` are watched.

    `task` is the job that looks at a bundle of at most `bundle_size` things: bundles keep a job
    for each thing out of the queue and still let many workers share a large tenant. `price` is
    what one look costs, in days on which a thing of weight 1 is out of date; `looks_per_day` is a
    budget that `refit_price` turns into a price. `job_class` None leaves the class to the task.

    Raises InvalidInputError for anything else.
    """

    kind: str
    task: str
    job_class: str | None = None
    bundle_size: int = 100
    price: float = DEFAULT_PRICE
    looks_per_day: float | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        if self.job_class is not None and self.job_class not in CLASSES:
            known = ", ".join(CLASSES)
            raise InvalidInputError(f"no job class {self.job_class!r}; there are: {known}")
        check_name("kind", self.kind, _LONGEST_KIND)
        check_name("task", self.task, _LONGEST_TASK)
        if not 1 <= self.bundle_size <= _LARGEST_BUNDLE:
            raise InvalidInputError(f"bundle_size is 1 to {_LARGEST_BUNDLE} things")
        budget = 1.0 if self.looks_per_day is None else self.looks_per_day
        if not (0 < self.price < inf and 0 < budget < inf):
            raise InvalidInputError("price and looks_per_day must be above zero and finite")


async def set_plan(session: Session, plan: WatchPlan) -> None:
    """Create the tenant's plan for the kind, or replace it; what it watches stays.

    A plan that already has a budget keeps the price that was fitted to it.
    """
    await run(session, "name_task", {"task": plan.task})
    await run(session, "set_plan", asdict(plan) | {"tenant_id": current_tenant()})


async def get_plan(session: ReadSession, kind: str) -> WatchPlan:
    """Return the tenant's plan for the kind, or raise NotFoundError."""
    row = (await run(session, "find_plan", {"tenant_id": current_tenant(), "kind": kind})).first()
    if row is None:
        message = f"nothing of the kind {kind!r} is watched; set_plan says how to"
        raise NotFoundError(message, kind=kind)
    return WatchPlan(**row._asdict())


async def refit_price(session: Session, kind: str) -> float:
    """Set the plan's price so that all intervals keep its budget, and return it.

    Intervals follow at each thing's next look. Without a budget or things the price stays. Raises
    InvalidInputError for a budget below one look at each thing in 30 days.
    """
    plan, facts = await get_plan(session, kind), {"tenant_id": current_tenant(), "kind": kind}
    rows = (await run(session, "list_rates", facts)).all()
    if plan.looks_per_day is None or not rows:
        return plan.price
    rates, weights = [row.rate for row in rows], [row.weight for row in rows]
    price = fit_price(rates, plan.looks_per_day, weights)
    await run(session, "set_price", facts | {"price": price})
    return price
