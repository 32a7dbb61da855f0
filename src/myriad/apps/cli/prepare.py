"""`python -m myriad.apps.cli.prepare`: what `up` needs done once before the parts start.

Prints one JSON object: the logins that were made, if any, or the error that a person must see.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import Sequence
from typing import Any

from myriad.apps.cli.servers import migrate, runtime_of
from myriad.apps.settings import Settings, load_settings
from myriad.kit.errors import MyriadError
from myriad.products.kamioi.demo.people import MEMBER_EMAIL, signs_in
from myriad.scale.directory.users import (
    FIRST_OWNER_EMAIL,
    create_user,
    find_user_by_email,
    own_tenants_of_nobody,
)
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime

PASSWORD_BYTES = 12


async def make_login(runtime: Runtime) -> dict[str, str] | None:
    """Make the first user, who runs this installation; None when there is one already."""
    async with runtime.database.crossing("first login of this installation") as session:
        if await find_user_by_email(session, FIRST_OWNER_EMAIL) is not None:
            return None
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        user_id = await create_user(
            session, email=FIRST_OWNER_EMAIL, name="Owner", password=password, is_operator=True
        )
        await own_tenants_of_nobody(session, user_id)
    return {"email": FIRST_OWNER_EMAIL, "password": password}


async def make_member_login(runtime: Runtime) -> dict[str, str] | None:
    """Make the user who will be a member of the demo's programme; None when there is one."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    async with runtime.database.crossing("the demo's member may sign in") as session:
        if await find_user_by_email(session, MEMBER_EMAIL) is not None:
            return None
        name = signs_in().name
        await create_user(session, email=MEMBER_EMAIL, name=name, password=password)
    return {"email": MEMBER_EMAIL, "password": password}


async def _prepare(settings: Settings, *, with_member: bool) -> dict[str, Any]:
    async with runtime_of(settings, "prepare") as runtime:
        made = {"owner": await make_login(runtime)}
        if with_member:
            made["member"] = await make_member_login(runtime)
        return {"logins": {role: login for role, login in made.items() if login}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare the database, and say what came of it."""
    parser = argparse.ArgumentParser(description="Prepare the database.")
    parser.add_argument("--with-member", action="store_true", help="make the demo's member too")
    given = parser.parse_args(arguments)
    logs.configure("prepare")
    try:
        settings = load_settings()
        migrate(settings)
        answer = asyncio.run(_prepare(settings, with_member=given.with_member))
    except MyriadError as error:
        answer = {"error": error.detail}
    sys.stdout.write(json.dumps(answer))
    return 1 if "error" in answer else 0


if __name__ == "__main__":
    sys.exit(main())
