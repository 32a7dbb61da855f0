"""How soon a purchase is there: recorded, mapped and rounded up; and how fast strings are mapped.

    ./myriad bench kamioi-latency [--full]

end_to_end_p95_ms   one new purchase of a member of a programme that holds 20,000 (--full: 200,000):
                    from the line that the bank told to its round-up and ledger entries committed and
                    read back, by what the sync and its job call. One in five brings a string that
                    nobody has seen, which is mapped on the way. The queue's own wait is not in it:
                    `./myriad bench jobs-dispatch`.
mapping_p95_ms      one string from a card, its normal form and its brand among all that are known;
                    strings of the city's cards where they lie beside the repository, made ones else
mappings_per_s      the same by processor time of one core, each of `distinct` strings once, in no
                    order; the median of 15 passes, with the slowest and the fastest beside it. No
                    answer is kept from pass to pass. One pass lasts a fifth of a second; 126 short
                    ones of unchanged code, on two cores with five processes at work, ran at 59,000
                    to 121,000 by processor time, which a core's neighbours slow down, and at 9,000
                    to 121,000 by the clock (`wall_mappings_per_s`), which also counts waiting for one

Peers: the same purchase written row by row, without matching or rules, and rapidfuzz's
token_set_ratio over the same names.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from kamioi_million import prepare, row_by_row
from kamioi_million_work import FIRST, open_database, plan_of
from peers import REPOSITORY
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.table import Table

from myriad.apps.products import migration_locations
from myriad.products.kamioi.deciding import map_descriptors
from myriad.products.kamioi.facts.brand_files import read_nsi, read_replacements, with_curated
from myriad.products.kamioi.facts.curated import load_curated
from myriad.products.kamioi.facts.loading import World, load_world
from myriad.products.kamioi.intake.lines import Line
from myriad.products.kamioi.intake.recording import get_account, record_lines
from myriad.products.kamioi.mapping.brands import BrandBook
from myriad.products.kamioi.mapping.matching import Matcher
from myriad.products.kamioi.money import round_ups
from myriad.products.kamioi.replay.generated import Plan
from myriad.products.kamioi.replay.steps import Replay
from myriad.scale.data import Database
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded.servers import running_servers
from myriad.scale.observe import logs

STANDING, FULL_STANDING, ASKED, PEER_STRINGS = 20_000, 200_000, 400, 200
PASSES = 15
READ_BACK = (
    "SELECT p.raw, r.destination, r.amount_minor FROM kamioi.purchase p"
    " JOIN kamioi.round_up r ON r.tenant_id = p.tenant_id AND r.booked_on = p.booked_on"
    " AND r.purchase_id = p.id"
    " WHERE p.account_id = %(account)s AND p.external_id = %(id)s AND p.booked_on = %(day)s"
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What mapping took: milliseconds of one string, strings a second, the peer's milliseconds.

    `per_second` is of each pass, the slowest first; `wall_per_second` the median by the clock.
    """

    single_p95_ms: float
    per_second: list[float]
    wall_per_second: float
    peer_p95_ms: float
    strings: int
    names: int


async def end_to_end(urls: dict[str, str], tenant: UUID, standing: int) -> list[float]:
    """Return the milliseconds that each of some purchases took, all of them rounded up."""
    database = open_database(urls)
    await database.open()
    plan = await plan_of(database, tenant, standing)
    await Replay(database, plan).run()
    world, dice = await load_world(database), random.Random(3)
    for number in range(20):
        await _buy(database, world, plan, dice, f"warm{number}")
    taken = [await _buy(database, world, plan, dice, f"one{n}") for n in range(ASKED)]
    await database.close()
    return taken


async def _buy(
    database: Database, world: World, plan: Plan, dice: random.Random, name: str
) -> float:
    account_id = plan.made("account", dice.randrange(plan.members))
    is_new = dice.random() < 0.2
    raw = f"NEWSHOP {name.upper()} LANE" if is_new else dice.choice(plan.strings)
    line = Line(1, name, FIRST, dice.randrange(101, 9_999), "USD", raw, "purchase")
    began = time.perf_counter()
    async with database.session(plan.tenant_id) as session:
        account = await get_account(session, account_id)
        await record_lines(session, account, [line])
    if is_new:
        await map_descriptors(database, world, plan.tenant_id)
    async with database.session(plan.tenant_id) as session:
        member = round_ups.Members.only(account.member_id)
        await round_ups.accrue(session, FIRST, FIRST, member)
    asked = {"account": account_id, "id": name, "day": FIRST}
    found = await database.reader.rows(plan.tenant_id, READ_BACK, asked)
    assert len(found) == 1, f"{raw!r} has {len(found)} round-ups"
    return (time.perf_counter() - began) * 1000


def mapping() -> Mapped:
    """Map strings by themselves."""
    matcher, strings = _matcher_and_strings()
    matcher.match(strings[0], country="gb")
    single = _p95(lambda raw: matcher.match(raw, country="gb"), strings)
    per_second, wall_per_second = _passes(matcher, strings)
    names = list(matcher.book.names)
    peer = _p95(
        lambda raw: process.extractOne(raw.lower(), names, scorer=fuzz.token_set_ratio),
        random.Random(1).sample(strings, min(PEER_STRINGS, len(strings))),
    )
    return Mapped(single, per_second, wall_per_second, peer, len(strings), len(names))


def _passes(matcher: Matcher, strings: Sequence[str]) -> tuple[list[float], float]:
    """Return the strings that each pass mapped a second of this thread, and the median by the clock."""
    mixed = random.Random(1).sample(strings, len(strings))
    spent, taken = [], []
    for _ in range(PASSES):
        began, began_spent = time.perf_counter(), time.thread_time()
        for raw in mixed:
            matcher.match(raw, country="gb")
        spent.append(len(mixed) / (time.thread_time() - began_spent))
        taken.append(len(mixed) / (time.perf_counter() - began))
    return sorted(spent), float(np.median(taken))


def _matcher_and_strings() -> tuple[Matcher, list[str]]:
    curated = load_curated()
    for parent in REPOSITORY.parents:
        data = parent / "shared" / "data" / "kamioi"
        cards = data / "card_transactions_birmingham_2014_2018.csv"
        if cards.exists():
            replaced = read_replacements(data / "nsi_replacements.json")
            brands = with_curated(read_nsi(data / "nsi_brands.csv", _ignore, replaced), curated)
            with cards.open(encoding="utf-8-sig", newline="") as file:
                strings = sorted({row["merchant"] for row in csv.DictReader(file)})
            return Matcher(BrandBook(brands, curated.places, curated.names())), strings
    print("The city's cards are not beside the repository: made strings and curated brands.")
    book = BrandBook(with_curated([], curated), curated.places, curated.names())
    names = [brand.name.upper() for brand in book.brands]
    return Matcher(book), [f"{name} {place} LANE" for name in names for place in range(100, 200)]


def _ignore(*_: object) -> None:
    """Refused rows of the list of brands are none of this bench's."""


def _p95(call: Callable[[str], object], strings: Sequence[str]) -> float:
    taken = []
    for raw in strings:
        began = time.perf_counter_ns()
        call(raw)
        taken.append((time.perf_counter_ns() - began) / 1e6)
    return float(np.percentile(taken, 95))


def measure(standing: int, folder: Path) -> int:
    """Run both parts and print them."""
    logs.configure("bench", level="WARNING")
    mapped = mapping()
    with running_servers(folder / "home", frozenset({"postgres"})) as servers:
        upgrade(servers.database_url, migration_locations())
        urls = {name: str(value) for name, value in asdict(servers).items()}
        (tenant,) = asyncio.run(prepare(urls, 1))
        taken = asyncio.run(end_to_end(urls, tenant, standing))
        naive = asyncio.run(row_by_row(urls, tenant, standing)) * 1000
    p50, p95, p99 = (float(np.percentile(taken, one)) for one in (50, 95, 99))
    table = Table("measure", "figures")
    table.add_row("end to end", f"p50 {p50:.1f} ms  p95 {p95:.1f} ms  p99 {p99:.1f} ms")
    table.add_row("row by row, nothing matched", f"mean {naive:.1f} ms")
    table.add_row("one string", f"p95 {mapped.single_p95_ms:.3f} ms of {mapped.strings:,}")
    slowest, median, fastest = (
        float(np.percentile(mapped.per_second, one)) for one in (0, 50, 100)
    )
    table.add_row(
        f"batch of {mapped.strings:,} distinct",
        f"{median:,.0f}/s a core (CPU; {slowest:,.0f} to {fastest:,.0f} in {PASSES} passes)"
        f"  {mapped.wall_per_second:,.0f}/s by the clock",
    )
    table.add_row("token_set_ratio", f"p95 {mapped.peer_p95_ms:.1f} ms over {mapped.names:,} names")
    Console(width=100).print(table)
    print(
        f"RESULT kamioi-latency end_to_end_p95_ms={p95:.1f} mapping_p95_ms={mapped.single_p95_ms:.4f}"
        f" mappings_per_s={median:.0f} slowest_mappings_per_s={slowest:.0f}"
        f" fastest_mappings_per_s={fastest:.0f} wall_mappings_per_s={mapped.wall_per_second:.0f}"
        f" distinct={mapped.strings} end_to_end_p50_ms={p50:.1f}"
        f" standing={standing} row_by_row_ms={naive:.1f} peer_mapping_p95_ms={mapped.peer_p95_ms:.2f}"
    )
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="200,000 purchases stand already")
    parser.add_argument("--standing", type=int, default=STANDING, help="how many stand already")
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="kamioi latency ") as folder:
        return measure(FULL_STANDING if chosen.full else chosen.standing, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
