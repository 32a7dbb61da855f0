"""What can go wrong with the embedded servers; every message names its remedy."""

from __future__ import annotations

from myriad.kit.errors import ConflictError, UnavailableError


class ServerBinaryMissingError(UnavailableError):
    """No usable server binary exists on this machine."""

    code = "server_binary_missing"


class ServerStartError(UnavailableError):
    """An embedded server ended, or did not answer, while it was being started."""

    code = "server_start_failed"


class AccountError(UnavailableError):
    """The servers cannot run under any account that they accept."""

    code = "server_account_unusable"


class RoleError(UnavailableError):
    """A user's own PostgreSQL lacks the roles, and this login may not create them."""

    code = "database_roles_missing"


class HomeBusyError(ConflictError):
    """Another process of Myriad already runs the servers of this home folder."""

    code = "home_busy"


class ToolFailedError(UnavailableError):
    """A program of PostgreSQL ended with an error; `tool` is its name."""

    code = "server_tool_failed"
