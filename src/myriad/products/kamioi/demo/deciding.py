"""The strings of the demo decided before its money moves: most by a person, some left waiting."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from myriad.products.kamioi.deciding import map_descriptors
from myriad.products.kamioi.facts.loading import load_world
from myriad.products.kamioi.mapping.normalising import normalize
from myriad.products.kamioi.plaid.simulator.shops import KNOWN, SHOPS, UNKNOWN, Shop
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.repository.mappings import approve
from myriad.scale.data import Database
from myriad.scale.tenancy import TenantId

# What the programme's people have not come to yet: known companies whose proposals still wait.
_WAITING = ("LYFT *RIDE", "BEST BUY #{n}", "DOORDASH*{code}")
# Shops of which they found that nobody can buy a share.
_NO_BRAND = ("SQ *CORNER BAKERY", "TST* JOE'S PIZZA - 2ND AVE", "OCEAN AVE LAUNDROMAT")


async def decide_strings(
    database: Database, tenant_id: TenantId, decided_by: UUID | None, since: date
) -> int:
    """Propose what rules know of every text of the demo, and let a person decide most of them.

    Returns how many were decided now; a second time there is nothing to decide.
    """
    normals = {normalize(_raw(shop)).norm: shop for shop in SHOPS}
    async with database.session(tenant_id) as session:
        await sql.execute(
            session,
            "add_descriptors",
            norms=list(normals),
            raws=[_raw(shop) for shop in normals.values()],
            processors=[normalize(_raw(shop)).processor for shop in normals.values()],
            days=[since] * len(normals),
        )
    await map_descriptors(database, await load_world(database), tenant_id)
    wanted = [norm for norm, shop in normals.items() if _is_decided(shop)]
    async with database.session(tenant_id) as session:
        rows = await sql.fetch(session, "list_demo_proposals", norms=wanted)
        for number, row in enumerate(rows):
            day = since + timedelta(days=number % 5)
            await approve(session, row["id"], row["version"], row["brand_id"], decided_by, day)
    return len(rows)


def _raw(shop: Shop) -> str:
    return shop.text.format(n=1204, code="2K4BC6DE8")


def _is_decided(shop: Shop) -> bool:
    if shop in KNOWN:
        return shop.text not in _WAITING
    return shop in UNKNOWN and shop.text in _NO_BRAND
