"""A programme runs by itself from its first member on."""

from __future__ import annotations

from myriad.kit.ids import new_id
from myriad.products.kamioi.manifest import PRODUCT
from myriad.products.kamioi.member.joining import invite_new
from myriad.scale.directory import Principal
from tests.products.kamioi.money.programme import Programme


async def test_the_first_invitation_sets_everything_going_and_the_next_changes_nothing(
    programme: Programme, caller: Principal
) -> None:
    async def names() -> list[str]:
        rows = await programme.run(
            "SELECT name FROM platform.schedule WHERE name LIKE 'kamioi.%%' ORDER BY name"
        )
        return [row[0] for row in rows]

    assert await names() == []
    for name in ("Ann", "Bob"):
        async with programme.session() as session:
            await invite_new(session, caller, name=name, email=f"{new_id().hex}@example.com")
        assert await names() == sorted(spec.name for spec in PRODUCT.schedules)
