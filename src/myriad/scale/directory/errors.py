"""What can go wrong when somebody wants to come in."""

from __future__ import annotations

from myriad.kit.errors import ConflictError, ForbiddenError, UnauthorizedError


class WrongCredentialsError(UnauthorizedError):
    """The e-mail address and the password do not belong together.

    The same for an unknown address, a wrong password and a disabled user, on purpose.
    """

    code = "wrong_credentials"
    title = "Wrong e-mail or password"


class NoMembershipError(ForbiddenError):
    """The caller belongs to no tenant, and this needs one."""

    code = "no_membership"
    title = "No account"


class SuspendedTenantError(ForbiddenError):
    """The caller's tenant is suspended."""

    code = "tenant_suspended"
    title = "Account suspended"


class AlreadyExistsError(ConflictError):
    """A tenant with this slug, or a user with this e-mail address, exists already."""

    code = "already_exists"
    title = "Already exists"
