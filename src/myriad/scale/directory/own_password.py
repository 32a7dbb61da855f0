"""Another password for oneself: the old one is asked for, and every other browser is signed out."""

from __future__ import annotations

from myriad.kit.clock import utc_now
from myriad.kit.errors import ForbiddenError
from myriad.scale.data import Database
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.errors import WrongCredentialsError
from myriad.scale.directory.passwords import check_password_rules, verify_password
from myriad.scale.directory.principal import Principal
from myriad.scale.directory.sessions import SignedIn, begin_session
from myriad.scale.directory.throttle import count_attempt, forgive
from myriad.scale.directory.users import find_user_by_email, set_password


async def change_password(
    database: Database, caller: Principal, old: str, new: str, *, came_from: str = ""
) -> SignedIn:
    """Give the caller another password, and return the only session of theirs that goes on.

    `came_from` is the network address, for which repeated failures are slowed as at sign-in.
    Raises WrongCredentialsError when `old` is not theirs, InvalidInputError for a `new` one that
    breaks the rules, TooManyRequestsError, and ForbiddenError for a program.
    """
    if caller.kind != "user":
        raise ForbiddenError("only a person who signed in has a password")
    check_password_rules(new)
    email, now = caller.email, utc_now()
    async with database.crossing("a new password: find the user") as session:
        await count_attempt(session, email, now, came_from)
        user = await find_user_by_email(session, email)
    matches = await verify_password(user.password_hash if user else None, old)
    if user is None or not matches:
        raise WrongCredentialsError("that is not your present password")
    async with database.crossing("a new password: end every session") as session:
        await forgive(session, email, now, came_from)
        await set_password(session, user.id, new)
        tenant_id = caller.tenant.id if caller.tenant is not None else None
        if tenant_id is not None:
            record_event(session, tenant_id, "user.password_changed", actor=caller)
        return await begin_session(session, user, now, tenant_id=tenant_id)
