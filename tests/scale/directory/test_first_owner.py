"""Tenants made before anybody could sign in find their owner."""

from __future__ import annotations

from myriad.scale.directory.principal import Role
from myriad.scale.directory.tenants import create_tenant
from myriad.scale.directory.users import add_member, create_user, own_tenants_of_nobody
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.database import runtime_for


async def test_the_first_owner_gets_the_tenants_that_have_no_member_and_no_other(
    fresh_servers: ServerUrls,
) -> None:
    async with (
        runtime_for(fresh_servers) as runtime,
        runtime.database.crossing("test the first owner") as session,
    ):
        await create_tenant(session, slug="early", name="Early", timezone="UTC")
        taken = await create_tenant(session, slug="taken", name="Taken", timezone="UTC")
        other = await create_user(session, email="other@example.com", name="Other")
        await add_member(session, taken, other, Role.OWNER)
        first = await create_user(session, email="first@example.com", name="First")
        assert await own_tenants_of_nobody(session, first) == 1
        assert await own_tenants_of_nobody(session, first) == 0
