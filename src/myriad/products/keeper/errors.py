"""What can go wrong in Keeper, for people to understand and act on."""

from __future__ import annotations

from myriad.kit.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnauthorizedError,
)


class NoAccountError(NotFoundError):
    """This tenant has not opened Keeper."""

    code = "keeper_no_account"
    title = "No Keeper account"


class NoConnectionError(NotFoundError):
    """No seller is connected to this account."""

    code = "keeper_no_connection"
    title = "Not connected to Square"


class ConnectionRevokedError(ConflictError):
    """The seller has withdrawn the permission; the data stays, nothing new is read."""

    code = "keeper_connection_revoked"
    title = "Square access was revoked"


class AuthorizationFailedError(InvalidInputError):
    """Square did not give a token for this authorization."""

    code = "keeper_authorization_failed"
    title = "Square did not grant access"


class UnknownAgentError(NotFoundError):
    """There is no agent of that name."""

    code = "keeper_unknown_agent"
    title = "Unknown agent"


class LinkDecisionError(ConflictError):
    """The pair is not in a state that allows this decision."""

    code = "keeper_link_decision"
    title = "The pair was decided otherwise"


class WebhookSignatureError(UnauthorizedError):
    """The webhook does not carry the signature that its body needs; nothing was written."""

    code = "keeper_webhook_signature"
    title = "Bad webhook signature"


class BusinessDateError(InvalidInputError):
    """The business date lies outside what the account's data can answer."""

    code = "keeper_business_date"
    title = "Unusable date"


class InputFileError(InvalidInputError):
    """A file given on the command line cannot be used; says which line and what was expected."""

    code = "keeper_input_file"
    title = "Unusable file"
