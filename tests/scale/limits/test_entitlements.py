"""Entitlements: exact by the month of the tenant's zone, given back on failure, never lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.kit.clock import get_zone
from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.limits import entitlements
from myriad.scale.limits.entitlements import (
    Entitlement,
    QuotaExceededError,
    ReservationEndedError,
    month_around,
)
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants, create_tenant_row
from tests.scale.limits.racing import race

REPORTS = Entitlement("test.reports", {"standard": 2}, otherwise=0)
LETTERS = Entitlement("test.letters", {"standard": 3}, otherwise=0)
MAY = datetime(2026, 5, 10, 12, tzinfo=UTC)


@dataclass
class Office:
    """One tenant's entitlements at a moment that tests move."""

    runtime: Runtime
    tenant_id: TenantId
    now: datetime = MAY
    entitlement: Entitlement = field(default=REPORTS)

    async def reserve(self, **options: object) -> UUID:
        async with self.runtime.database.session(self.tenant_id) as session:
            return await entitlements.reserve(
                session,
                self.tenant_id,
                self.entitlement,
                now=self.now,
                **options,  # type: ignore[arg-type]
            )

    async def commit(self, reservation_id: UUID, amount: int | None = None) -> None:
        async with self.runtime.database.session(self.tenant_id) as session:
            await entitlements.commit(
                session, self.tenant_id, reservation_id, amount=amount, now=self.now
            )

    async def refund(self, reservation_id: UUID) -> None:
        async with self.runtime.database.session(self.tenant_id) as session:
            await entitlements.refund(session, self.tenant_id, reservation_id, now=self.now)

    async def usage(self) -> tuple[int, int]:
        async with self.runtime.database.read_session(self.tenant_id) as session:
            usage = await entitlements.get_usage(
                session, self.tenant_id, self.entitlement, now=self.now
            )
        return usage.used, usage.reserved


@pytest.fixture
def office(runtime: Runtime, tenants: TwoTenants) -> Office:
    return Office(runtime, tenants.first)


async def test_four_processes_racing_for_a_thousand_admit_exactly_a_thousand(
    database_urls: ServerUrls, tenants: TwoTenants
) -> None:
    """No process overruns the month's allowance and none of it is lost."""
    got = race("entitlement", database_urls, str(tenants.first), 1000, 260)
    assert sum(got) == 1000
    assert all(count > 0 for count in got)


@pytest.mark.parametrize(
    ("entitlement", "allowed"), [(REPORTS, 2), (LETTERS, 3)], ids=["reports", "letters"]
)
async def test_a_free_month_has_two_reports_and_three_letters(
    office: Office, entitlement: Entitlement, allowed: int
) -> None:
    """The next one is refused, with when the next month begins in the tenant's zone."""
    office.entitlement = entitlement
    for _ in range(allowed):
        await office.commit(await office.reserve())
    with pytest.raises(QuotaExceededError) as refused:
        await office.reserve()
    assert refused.value.status == 429
    assert refused.value.resets_at == datetime(2026, 6, 1, 4, tzinfo=UTC)
    assert await office.usage() == (allowed, 0)


async def test_what_failed_is_given_back(office: Office) -> None:
    """A failed upload costs nothing, whether it was counted already or not; twice is once."""
    for is_counted in (False, True):
        taken = await office.reserve()
        if is_counted:
            await office.commit(taken)
        await office.refund(taken)
        await office.refund(taken)
        assert await office.usage() == (0, 0)


async def test_what_was_given_back_cannot_be_used(office: Office) -> None:
    """Committing a refunded reservation is an error, committing twice is not."""
    taken = await office.reserve()
    await office.commit(taken)
    await office.commit(taken)
    await office.refund(taken)
    with pytest.raises(ReservationEndedError):
        await office.commit(taken)


async def test_forgotten_reservations_are_free_again(office: Office) -> None:
    """When the process that reserved died, the allowance comes back after its time."""
    for _ in range(2):
        await office.reserve(keep=timedelta(minutes=10))
    office.now += timedelta(minutes=9)
    with pytest.raises(QuotaExceededError):
        await office.reserve()
    office.now += timedelta(minutes=1)
    assert await office.usage() == (0, 0)
    await office.reserve()
    assert await office.usage() == (0, 1)


async def test_work_that_outlived_its_reservation_is_counted(office: Office) -> None:
    """The work was done, so it counts, though its reservation had expired."""
    slow = await office.reserve(keep=timedelta(minutes=1))
    office.now += timedelta(minutes=2)
    await office.commit(await office.reserve())
    await office.commit(slow)
    assert await office.usage() == (2, 0)


async def test_settling_counts_what_was_used(office: Office) -> None:
    """Work that took more or less than was reserved counts as what it took."""
    office.entitlement = Entitlement("test.pages", {"standard": 100})
    await office.commit(await office.reserve(amount=30), amount=12)
    assert await office.usage() == (12, 0)
    with pytest.raises(QuotaExceededError):
        await office.reserve(amount=89)


async def test_tenants_and_subjects_count_apart(office: Office, tenants: TwoTenants) -> None:
    """One user's letters are not another's, one tenant's not the other's."""
    other = Office(office.runtime, tenants.second)
    for subject in (uuid4(), uuid4()):
        for _ in range(2):
            await office.reserve(subject_id=subject)
        with pytest.raises(QuotaExceededError):
            await office.reserve(subject_id=subject)
    await other.reserve()
    with pytest.raises(NotFoundError):
        await other.commit(await office.reserve(subject_id=uuid4()))


async def test_a_tenant_may_have_a_limit_of_its_own(office: Office) -> None:
    """What an operator set stands in place of the plan, also to nothing and to no limit."""
    database, tenant = office.runtime.database, office.tenant_id
    for limit in (0, None):
        async with database.session(tenant) as session:
            await entitlements.set_limit(session, tenant, REPORTS.metric, limit)
        if limit == 0:
            with pytest.raises(QuotaExceededError):
                await office.reserve()
        else:
            assert [bool(await office.reserve()) for _ in range(5)] == [True] * 5
    async with database.session(tenant) as session:
        await entitlements.clear_limit(session, tenant, REPORTS.metric)
    with pytest.raises(QuotaExceededError):
        await office.reserve()


async def test_amounts_that_make_no_sense_are_refused(office: Office) -> None:
    """Nothing, less than nothing and a negative settlement are errors that say so."""
    for amount in (0, -3):
        with pytest.raises(InvalidInputError):
            await office.reserve(amount=amount)
    taken = await office.reserve()
    with pytest.raises(InvalidInputError):
        await office.commit(taken, amount=-1)


async def test_the_month_turns_at_the_tenants_midnight(runtime: Runtime) -> None:
    """Kiritimati's June begins 14 hours before UTC's."""
    tenant = TenantId(await create_tenant_row(runtime, "early", "Pacific/Kiritimati"))
    office = Office(runtime, tenant, datetime(2026, 5, 31, 9, 59, tzinfo=UTC))
    for _ in range(2):
        await office.reserve()
    with pytest.raises(QuotaExceededError):
        await office.reserve()
    office.now += timedelta(minutes=1)
    await office.reserve()


@given(
    hours=st.floats(0, 15 * 365 * 24),
    zone=st.sampled_from(["UTC", "America/New_York", "Europe/Brussels", "Pacific/Apia"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_month_is_the_calendar_month_whatever_its_length(hours: float, zone: str) -> None:
    """It begins on a first at local midnight and holds the moment, in months of 28 to 31 days."""
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    first, resets_at = month_around(at, zone)
    began = datetime.combine(first, time(), get_zone(zone))
    assert first.day == 1
    assert began <= at < resets_at
    assert month_around(resets_at - timedelta(microseconds=1), zone) == (first, resets_at)
    assert month_around(resets_at, zone)[0] > first
    assert timedelta(days=27, hours=23) <= resets_at - began <= timedelta(days=31, hours=1)
