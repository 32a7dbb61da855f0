"""Stopping e-mail from the message itself (RFC 8058): a sealed link that needs no login.

The link names an account, a member and the kinds of e-mail that the message was of, encrypted and
authenticated by the installation's key, so that nobody can make or change one. It can do nothing
but switch these kinds off and on again for this member, and holds as long as the key does: people
unsubscribe from old messages.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.preferences import read_preferences, write_preferences
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.preferences import lock_preferences
from myriad.products.keeper.views.preferences import DEFAULT_NOTICES, NOTICE_KINDS, NoticeKind
from myriad.scale.data import Session
from myriad.scale.directory.audit import record_event
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault, VaultError

PATH = "/keeper/unsubscribe"
LONGEST_TOKEN = 1000
_BOUND_TO = "keeper:unsubscribe"


class UnsubscribeLinkError(InvalidInputError):
    """The link was not made by this installation, or is damaged."""

    code = "keeper_unsubscribe_link"
    title = "Unusable link"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A member of an account and the kinds of e-mail that a message was of."""

    tenant_id: TenantId
    user_id: UUID
    kinds: tuple[NoticeKind, ...]


def seal(vault: Vault, subscription: Subscription) -> str:
    """Return the subscription as the token of a link."""
    ids = subscription.tenant_id.bytes + subscription.user_id.bytes
    sealed = vault.encrypt(ids + ",".join(subscription.kinds).encode(), _BOUND_TO)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(vault: Vault, token: str) -> Subscription:
    """Return what a token names; raises UnsubscribeLinkError."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        opened = vault.decrypt(sealed, _BOUND_TO)
    except (binascii.Error, ValueError, VaultError):
        message = "this link is damaged; sign in and choose your e-mails on the Settings screen"
        raise UnsubscribeLinkError(message) from None
    named = opened[32:].decode().split(",")
    return Subscription(
        TenantId(UUID(bytes=opened[:16])),
        UUID(bytes=opened[16:32]),
        tuple(kind for kind in NOTICE_KINDS if kind in named),
    )


def link_to(vault: Vault, public_url: str, subscription: Subscription) -> str:
    """Return the address that stops these e-mails."""
    return f"{public_url.rstrip('/')}{PATH}?t={seal(vault, subscription)}"


async def switch(session: Session, subscription: Subscription, *, on: bool) -> str:
    """Switch the kinds on or off for the member and return the account's name; safe to repeat.

    Raises NoAccountError when the account is gone.
    """
    account = await get_account(session)
    await lock_preferences(session)
    before = (await read_preferences(session)).notify_emails.get(
        subscription.user_id, DEFAULT_NOTICES
    )
    after = _chosen(before, subscription.kinds, on=on)
    if set(after) != set(before):
        await write_preferences(session, {"notify_emails": {subscription.user_id: after}}, None)
        record_event(
            session,
            subscription.tenant_id,
            "emails.resumed" if on else "emails.stopped",
            subject=str(subscription.user_id),
            kinds=list(subscription.kinds),
        )
    return account.name


def _chosen(
    before: Collection[NoticeKind], kinds: Collection[NoticeKind], *, on: bool
) -> list[NoticeKind]:
    return [kind for kind in NOTICE_KINDS if (on if kind in kinds else kind in before)]
