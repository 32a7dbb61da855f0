"""What calls bring elsewhere: nothing of nine, nothing dominated, and an answer for who is new."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.products.keeper import views as v
from myriad.products.keeper.network.calls import beta_of, interval_of, pool_calls
from myriad.products.keeper.pages import proof_figures, proof_words
from myriad.products.keeper.preferences import write_preferences
from myriad.products.keeper.proof.playbooks import (
    PLAYBOOKS,
    ArmPriors,
    PlaybookArms,
    pooled_uplift,
)
from myriad.products.keeper.repository.network_calls import lent_calls
from myriad.products.keeper.repository.proof import get_proof
from myriad.products.keeper.views.proof import ProofView
from myriad.scale.runtime import Runtime
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.pages import sample_proof as s
from tests.products.keeper.patterns.selling import open_lender
from tests.products.keeper.patterns.test_network import publish_now

_ASSIGNED = (
    "INSERT INTO keeper.call_assignment (tenant_id, person_id, entered_on, horizon_date, arm, "
    "stratum, place, playbook, value_at_risk, returned, net, measured_on) "
    "VALUES (%s, %s, %s, %s, %s, 5, %s, %s, 5000, %s, 0, %s)"
)


@pytest.fixture
def kind() -> str:
    """A kind of business that no other test has."""
    return f"kind-{new_id().hex[-12:]}"


def world(accounts: int, seed: int = 3, uplift: float = 0.15) -> list[PlaybookArms]:
    """Return accounts whose shares differ, 90 people called and 10 held out in each."""
    chance = np.random.default_rng(seed)
    base = chance.beta(12, 28, accounts)
    return [
        PlaybookArms(
            "slowing",
            (int(chance.binomial(90, min(share + uplift, 1))), 90),
            (int(chance.binomial(10, share)), 10),
        )
        for share in base
    ]


async def lend_calls(shop: Shop, arms: PlaybookArms) -> None:
    """Put what calls brought into the pool for this account."""
    detail = {"called": arms.called, "held_out": arms.held_out}
    await shop.change(
        "INSERT INTO keeper.contribution (tenant_id, metric, currency, value, weight, detail, "
        "measured_on) VALUES (%s, %s, '', 0, %s, %s, current_date)",
        (
            shop.tenant_id,
            f"calls.{arms.playbook}",
            arms.called[1] + arms.held_out[1],
            json.dumps(detail),
        ),
    )


async def open_callers(runtime: Runtime, kind: str, count: int) -> list[Shop]:
    shops = [await open_lender(runtime, kind, 0.4) for _ in range(count)]
    for shop, arms in zip(shops, world(count), strict=True):
        await lend_calls(shop, arms)
    return shops


async def proof_of(shop: Shop) -> ProofView:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return await get_proof(session)


def test_the_pooled_interval_holds_what_calls_bring_nine_times_in_ten() -> None:
    """Of 24 pools at least 18 hold it: a fair nine in ten falls below that once in two hundred."""
    found = [interval_of(pool_calls(world(40, seed)).uplift) for seed in range(24)]
    assert sum(one.low <= 0.15 <= one.high for one in found) >= 18
    assert all(one.high - one.low < 0.12 for one in found)


def test_nine_accounts_or_a_dominant_one_say_nothing() -> None:
    nine = pool_calls(world(9))
    assert (nine.withheld, nine.uplift, nine.called, nine.accounts) == ("too_few", (), (), 9)
    whale = PlaybookArms("slowing", (300, 600), (20, 60))
    assert pool_calls([*world(12), whale]).withheld == "dominated"


def test_what_is_published_is_coarse_and_the_same_every_time() -> None:
    pooled = pool_calls(world(12))
    assert pooled == pool_calls(list(reversed(world(12))))
    assert all(round(share * 100, 6) % 1 == 0 for share in (*pooled.called, *pooled.held_out))
    assert all(round(points * 200, 6) % 1 == 0 for points in pooled.uplift)


@given(
    st.floats(0.05, 0.95),
    st.floats(3, 150),
)
def test_a_prior_has_the_mean_and_spread_of_what_was_published(
    mean: float, strength: float
) -> None:
    chance = np.random.default_rng(1)
    draws = chance.beta(mean * strength, (1 - mean) * strength, 20_000)
    a, b = beta_of(tuple(np.quantile(draws, (0.1, 0.25, 0.5, 0.75, 0.9)).tolist()))
    assert a / (a + b) == pytest.approx(mean, abs=0.03)
    assert 2 <= a + b <= 200.0001


def test_a_new_account_stands_at_its_prior_and_leaves_it_with_its_own_people() -> None:
    prior = {"slowing": ArmPriors((12.0, 18.0), (9.0, 21.0), 14)}
    (new,) = pooled_uplift([PlaybookArms("slowing", (0, 0), (0, 0))], prior)
    assert new.leans_on == 14
    assert new.uplift.estimate == pytest.approx(0.4 - 0.3, abs=0.02)
    (old,) = pooled_uplift([PlaybookArms("slowing", (1_800, 3_000), (60, 300))], prior)
    assert old.uplift.estimate == pytest.approx(0.6 - 0.2, abs=0.03)
    assert old.uplift.high - old.uplift.low < new.uplift.high - new.uplift.low


async def test_a_new_account_that_lends_sees_peers_and_leans_on_them(
    runtime: Runtime, kind: str
) -> None:
    """Nine say nothing; with the tenth everybody who lends has an answer, also who has called no one."""
    shops = await open_callers(runtime, kind, 9)
    new = await open_lender(runtime, kind, 0.4)
    await publish_now(runtime)
    early = await proof_of(new)
    assert [(row.accounts, row.withheld, row.uplift) for row in early.peers] == [
        (9, "too_few", None)
    ]
    assert early.playbooks == ()
    shops += await open_callers(runtime, kind, 1)
    await publish_now(runtime)
    view = await proof_of(new)
    (peer,) = view.peers
    assert (peer.playbook, peer.accounts, peer.withheld) == ("slowing", 10, None)
    assert peer.uplift is not None
    assert peer.uplift.low < 0.15 < peer.uplift.high
    assert [(row.playbook, row.called, row.leans_on) for row in view.playbooks] == [
        ("slowing", 0, 10)
    ]


async def test_who_does_not_lend_sees_nothing_and_who_leaves_takes_it_along(
    runtime: Runtime, kind: str
) -> None:
    shops = await open_callers(runtime, kind, 10)
    await publish_now(runtime)
    async with runtime.database.session(shops[0].tenant_id) as session:
        await write_preferences(session, {"network_opt_in": False}, None)
    gone = await proof_of(shops[0])
    assert (gone.joined, gone.peers, gone.playbooks) == (False, (), ())
    await publish_now(runtime)
    assert (await proof_of(shops[1])).peers[0].withheld == "too_few"


async def test_an_account_lends_kinds_with_twenty_people_and_both_arms(shop: Shop) -> None:
    people = [await shop.add_customer(f"c-{number}") for number in range(60)]
    await shop.change(
        "INSERT INTO keeper.person (tenant_id, id) SELECT tenant_id, id FROM keeper.customer"
    )
    rows = []
    for number, person in enumerate(people):
        playbook = PLAYBOOKS[number % 3]
        # The first kind has both arms, the second no one held out, the third too few people.
        arm = "control" if playbook != PLAYBOOKS[1] and number % 10 == 0 else "call"
        if playbook == PLAYBOOKS[2] and number > 30:
            continue
        entered = LAST.replace(month=1)
        where = shop.tenant_id, person, entered, LAST.replace(month=4), arm
        rows.append((*where, number, playbook, number % 2 == 0, LAST))
    await shop.change(_ASSIGNED, rows)
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        lent = await lent_calls(session, LAST)
    assert [(row["metric"], row["weight"]) for row in lent] == [("calls.slowing", 20)]
    assert lent[0]["detail"]["called"][1] + lent[0]["detail"]["held_out"][1] == 20
    assert lent[0]["detail"]["held_out"][1] == 2


@pytest.mark.parametrize(
    ("view", "said"),
    [
        pytest.param(s.PROOF_NONE, "You do not compare yourself yet", id="not-joined"),
        pytest.param(
            replace(s.PROOF_NONE, joined=True), "None of ten businesses so far", id="nobody"
        ),
        pytest.param(
            replace(
                s.PROOF_NONE,
                joined=True,
                peers=(v.PeerCallsRow(playbook="slowing", accounts=9, withheld="too_few"),),
            ),
            "Nine of ten businesses so far",
            id="nine",
        ),
        pytest.param(
            replace(
                s.PROOF_NONE,
                joined=True,
                peers=(v.PeerCallsRow(playbook="slowing", accounts=12, withheld="dominated"),),
            ),
            "One business makes too much of it",
            id="dominated",
        ),
    ],
)
def test_the_screen_says_why_there_are_no_peers(view: ProofView, said: str) -> None:
    assert proof_words.no_peers(view) == said
    assert proof_words.how_peers(view).endswith(".")


def test_the_screen_says_whose_experience_it_shows() -> None:
    assert (
        proof_words.peers(s.PROOF_FULL)
        == "31 to 34 businesses of your trade that compare themselves"
    )
    assert "leaning on what 34 businesses" in proof_words.leaning(s.PROOF_FULL)
    assert proof_figures.peers(s.PROOF_FULL.peers).count("c-reach") == 2
