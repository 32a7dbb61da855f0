"""Decisions of descriptors: in versions, one at a time, taught by audits and by members."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from myriad.kit.ids import new_id
from myriad.products.kamioi import mapping_tasks as _registered  # noqa: F401 - by importing it.
from myriad.products.kamioi.center.reading import list_queue
from myriad.products.kamioi.deciding import map_descriptors
from myriad.products.kamioi.errors import StaleMappingError
from myriad.products.kamioi.facts.importing import import_brands
from myriad.products.kamioi.facts.loading import World, load_world
from myriad.products.kamioi.mapping_schedules import MAP_TASK
from myriad.products.kamioi.repository import corrections, mappings
from myriad.products.kamioi.repository.mappings import Proposal
from myriad.scale.ai.gateway import Gateway
from myriad.scale.jobs import enqueue
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.products.kamioi.people import Person

DAY = date(2026, 11, 21)


@pytest.fixture
async def world(runtime: Runtime) -> World:
    await import_brands(runtime.database, None)
    return await load_world(runtime.database)


async def descriptor(person: Person, norm: str, amount_minor: int = 0) -> UUID:
    made = new_id()
    await person.change(
        "INSERT INTO kamioi.descriptor (tenant_id, id, norm, raw_example, first_seen_on) "
        "VALUES (%s, %s, %s, %s, %s)",
        (person.tenant_id, made, norm, norm.upper(), DAY),
    )
    if amount_minor:
        await person.change(
            "INSERT INTO kamioi.purchase (tenant_id, booked_on, member_id, account_id, external_id, "
            "state, kind, shown_on, amount_minor, currency, raw, descriptor_id, source) VALUES "
            "(%s, %s, %s, %s, %s, 'posted', 'purchase', %s, %s, 'USD', %s, %s, 'csv')",
            (
                *(person.tenant_id, DAY, person.id, new_id(), str(new_id()), DAY),
                *(amount_minor, norm, made),
            ),
        )
    return made


def brand_id(world: World, name: str) -> UUID:
    brand = world.book.find(name)
    assert brand is not None
    return world.ids[world.book.brands.index(brand)]


async def mapped(person: Person, world: World, gateway: Gateway | None = None) -> int:
    return await map_descriptors(person.runtime.database, world, person.tenant_id, gateway)


async def current(person: Person, descriptor_id: UUID) -> dict[str, object] | None:
    rows = await person.rows(
        "SELECT version, brand_id, method, state FROM kamioi.mapping "
        "WHERE descriptor_id = %(id)s AND valid_to IS NULL",
        id=descriptor_id,
    )
    return rows[0] if rows else None


async def test_what_rules_say_is_proposed_once_and_nothing_holds_without_audits(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, tenants.first)
    tesco, nothing = await descriptor(ann, "tesco stores"), await descriptor(ann, "weoley bay")
    assert await mapped(ann, world) == 2
    assert await mapped(ann, world) == 0
    found = await current(ann, tesco)
    assert found == {
        "version": 1,
        "brand_id": brand_id(world, "Tesco"),
        "method": "exact",
        "state": "proposed",
    }
    none = await current(ann, nothing)
    assert none is not None
    assert (none["brand_id"], none["state"]) == (None, "proposed")
    bob = await Person.join(runtime, tenants.second, "Bob")
    assert await bob.rows("SELECT id FROM kamioi.mapping") == []


async def test_audits_let_a_method_decide_alone(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, tenants.first)
    for number in range(200):
        await descriptor(ann, f"audited {number}")
    rows = await ann.rows("SELECT id FROM kamioi.descriptor ORDER BY id")
    brand = brand_id(world, "Tesco")
    async with runtime.database.session(tenants.first) as session:
        await mappings.propose(
            session, [Proposal(row["id"], brand, 0.9, 9, "exact", "auto") for row in rows]
        )
        assert await mappings.sample_audits(session, DAY, percent=100) == 200
        assert await mappings.sample_audits(session, DAY, percent=100) == 0
    for row in await ann.rows("SELECT mapping_id FROM kamioi.audit_sample"):
        async with runtime.database.session(tenants.first) as session:
            await mappings.record_audit(session, row["mapping_id"], True, None)
    tesco, shell = await descriptor(ann, "tesco stores"), await descriptor(ann, "shell fiveways")
    await mapped(ann, world)
    exact, prefix = await current(ann, tesco), await current(ann, shell)
    assert exact is not None
    assert prefix is not None
    assert (exact["state"], prefix["state"]) == ("auto", "proposed")


async def test_of_two_decisions_upon_one_version_the_second_is_refused(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, tenants.first)
    tesco, brand = await descriptor(ann, "tesco stores"), brand_id(world, "Tesco")
    await mapped(ann, world)
    async with runtime.database.session(tenants.first) as session:
        await mappings.approve(session, tesco, 1, brand, None, DAY)
    with pytest.raises(StaleMappingError) as refused:
        async with runtime.database.session(tenants.first) as session:
            await mappings.approve(session, tesco, 1, None, None, DAY)
    assert refused.value.status == 409
    found = await current(ann, tesco)
    assert found == {"version": 2, "brand_id": brand, "method": "human", "state": "approved"}
    assert await ann.rows("SELECT method, is_right FROM kamioi.audit_sample") == [
        {"method": "exact", "is_right": True}
    ]


async def test_what_was_rejected_is_never_proposed_again(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, tenants.first)
    tesco = await descriptor(ann, "tesco stores")
    await mapped(ann, world)
    async with runtime.database.session(tenants.first) as session:
        await mappings.reject(session, tesco, 1, None, DAY)
        again = Proposal(tesco, brand_id(world, "Tesco"), 0.9, 9, "exact", "proposed")
        assert await mappings.propose(session, [again]) == 0
    assert await mapped(ann, world) == 1
    found = await current(ann, tesco)
    assert found is not None
    assert (found["version"], found["brand_id"]) == (2, None)


async def test_the_queue_is_ordered_by_money_at_stake_times_doubt(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, tenants.first)
    small, large = await descriptor(ann, "small", 500), await descriptor(ann, "large", 90_000)
    sure = await descriptor(ann, "sure", 100_000)
    brand = brand_id(world, "Tesco")
    async with runtime.database.session(tenants.first) as session:
        await mappings.propose(
            session,
            [
                Proposal(small, brand, 0.5, 5, "prefix", "proposed"),
                Proposal(large, brand, 0.5, 5, "prefix", "proposed"),
                Proposal(sure, brand, 0.99, 9, "exact", "proposed"),
            ],
        )
        queue, _ = await list_queue(session, 10)
    assert [one.descriptor_id for one in queue] == [large, sure, small]
    assert [one.stakes[0].amount_minor for one in queue] == [90_000, 100_000, 500]


async def test_a_correction_becomes_a_proposal_when_enough_members_agree(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, tenants.first)
    shop, brand = await descriptor(ann, "corner shop"), brand_id(world, "Tesco")
    members = [ann, *[await Person.join(runtime, tenants.first, name) for name in ("Bo", "Cy")]]
    held = []
    for member in members:
        for _ in range(2):  # Saying it twice is one voice.
            async with runtime.database.session(tenants.first) as session:
                held.append(await corrections.correct(session, member.id, shop, brand))
    assert held == [False, False, False, False, True, False]
    found = await current(ann, shop)
    assert found == {"version": 1, "brand_id": brand, "method": "quorum", "state": "proposed"}


async def test_members_do_not_overrule_a_person_of_the_programme(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, tenants.first)
    tesco = await descriptor(ann, "tesco stores")
    await mapped(ann, world)
    async with runtime.database.session(tenants.first) as session:
        await mappings.approve(session, tesco, 1, brand_id(world, "Tesco"), None, DAY)
    for name in ("Bo", "Cy", "Di"):
        member = await Person.join(runtime, tenants.first, name)
        async with runtime.database.session(tenants.first) as session:
            assert not await corrections.correct(session, member.id, tesco, None)


async def test_without_a_model_what_is_merely_alike_stays_undecided(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, TenantId(tenants.first))
    alike = await descriptor(ann, "starbuks cofee")
    assert await mapped(ann, world, Gateway.of(runtime)) == 1
    rows = await ann.rows(
        "SELECT brand_id, method, state, evidence FROM kamioi.mapping WHERE descriptor_id = %(id)s",
        id=alike,
    )
    assert (rows[0]["brand_id"], rows[0]["method"], rows[0]["state"]) == (None, "ngram", "proposed")
    assert rows[0]["evidence"]["candidates"][0]["brand"] == "Starbucks"


async def test_the_job_maps_what_is_new_and_running_it_again_changes_nothing(
    runtime: Runtime, tenants: TwoTenants, world: World
) -> None:
    ann = await Person.join(runtime, tenants.first)
    tesco = await descriptor(ann, "tesco stores")
    for _ in range(2):
        async with runtime.database.session(tenants.first) as session:
            job_id = await enqueue(session, MAP_TASK, {})
        assert await run_job(runtime, tenants.first, job_id) == "succeeded"
    assert len(await ann.rows("SELECT id FROM kamioi.mapping")) == 1
    found = await current(ann, tesco)
    assert found is not None
    assert found["brand_id"] == brand_id(world, "Tesco")
