"""Who may come in: tenants, users, roles, sessions, API keys, and the audit log.

Making a tenant with its owner, from the command line or a test:

    async with database.crossing("make a tenant") as session:
        tenant_id = await create_tenant(session, slug="shop", name="Shop", timezone="Europe/Berlin")
        user_id = await create_user(session, email="a@example.com", name="Ann", password=secret)
        await add_member(session, tenant_id, user_id, Role.OWNER)

At the edge:

    signed_in = await sign_in(database, email, password)          token for the browser's cookie
    principal = await find_principal_by_session(database, token)  or find_principal_by_key
    async with database.session(principal.tenant_id) as session:
        issued = await issue_api_key(session, principal.tenant_id, name="till", actor=principal)
        record_event(session, principal.tenant_id, "task.done", actor=principal, subject=task_id)

Functions whose docstring says so need a session of `database.crossing`; all others work under row
security and see their own tenant only.
"""

from myriad.scale.directory.audit import list_events, record_event
from myriad.scale.directory.errors import (
    AlreadyExistsError,
    NoMembershipError,
    SuspendedTenantError,
    WrongCredentialsError,
)
from myriad.scale.directory.invitations import (
    Invited,
    OpenInvitation,
    SentInvitation,
    WaitingInvitation,
    accept_as,
    accept_as_new,
    find_waiting,
    get_invitation,
    invite,
    link_of,
    list_accepted,
    withdraw,
)
from myriad.scale.directory.keys import IssuedKey, issue_api_key, list_api_keys, revoke_api_key
from myriad.scale.directory.leaving import LastOwnerError, Leaving, Left, remove_member
from myriad.scale.directory.own_password import change_password
from myriad.scale.directory.principal import Principal, Role, TenantFacts, TenantOfUser
from myriad.scale.directory.principals import (
    find_principal_by_key,
    find_principal_by_session,
)
from myriad.scale.directory.sessions import SignedIn, sign_in, sign_out, switch_tenant
from myriad.scale.directory.staffing import (
    AlreadyInvitedError,
    AlreadyMemberError,
    TooManyInvitationsError,
    change_role,
    invite_staff,
    invite_staff_again,
    list_staff_invitations,
)
from myriad.scale.directory.tenants import (
    create_tenant,
    find_tenant_by_slug,
    get_tenant,
    has_tenants,
    list_tenants,
    set_status,
    update_tenant,
)
from myriad.scale.directory.users import (
    Member,
    add_member,
    create_user,
    find_user_by_email,
    list_members,
    list_tenants_of,
    normalise_name,
    set_password,
)

__all__ = [
    "AlreadyExistsError",
    "AlreadyInvitedError",
    "AlreadyMemberError",
    "Invited",
    "IssuedKey",
    "LastOwnerError",
    "Leaving",
    "Left",
    "Member",
    "NoMembershipError",
    "OpenInvitation",
    "Principal",
    "Role",
    "SentInvitation",
    "SignedIn",
    "SuspendedTenantError",
    "TenantFacts",
    "TenantOfUser",
    "TooManyInvitationsError",
    "WaitingInvitation",
    "WrongCredentialsError",
    "accept_as",
    "accept_as_new",
    "add_member",
    "change_password",
    "change_role",
    "create_tenant",
    "create_user",
    "find_principal_by_key",
    "find_principal_by_session",
    "find_tenant_by_slug",
    "find_user_by_email",
    "find_waiting",
    "get_invitation",
    "get_tenant",
    "has_tenants",
    "invite",
    "invite_staff",
    "invite_staff_again",
    "issue_api_key",
    "link_of",
    "list_accepted",
    "list_api_keys",
    "list_events",
    "list_members",
    "list_staff_invitations",
    "list_tenants",
    "list_tenants_of",
    "normalise_name",
    "record_event",
    "remove_member",
    "revoke_api_key",
    "set_password",
    "set_status",
    "sign_in",
    "sign_out",
    "switch_tenant",
    "update_tenant",
    "withdraw",
]
