"""What Plaid may answer instead of data (its page "Errors")."""

from __future__ import annotations

from myriad.kit.errors import (
    MyriadError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)


class PlaidAnswerError(MyriadError):
    """Plaid refused a request in a way that trying again does not mend."""

    code = "plaid_refused"
    status = 502
    title = "Plaid refused the request"


class LoginRequiredError(PlaidAnswerError):
    """The member must sign in at the bank again (ITEM_LOGIN_REQUIRED and its kin)."""

    code = "plaid_login_required"
    title = "The bank wants its customer to sign in again"


class MutationError(PlaidAnswerError):
    """Something changed between two pages; the loop begins again with its first cursor."""

    code = "plaid_mutation"
    title = "Changed while it was read"


class PlaidRateLimitedError(TooManyRequestsError):
    """Plaid limits our rate."""

    code = "plaid_rate_limited"


class PlaidUnavailableError(UnavailableError):
    """Plaid or the bank did not answer."""

    code = "plaid_unavailable"


class PlaidSignatureError(UnauthorizedError):
    """A webhook is not provably Plaid's."""

    code = "plaid_signature"
    title = "Not signed by Plaid"
