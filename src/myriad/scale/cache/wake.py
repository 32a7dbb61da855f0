"""Invalidation in a transaction's wake: what changed is unfindable once the change is committed.

Namespaces that follow the tenant need no call: every session that may write for a tenant carries the
cache of its process (`Database.session_info`), and its commit begins the tenant's generation anew.
"""

from __future__ import annotations

from asyncio import Task
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import SessionTransaction

from myriad.scale.cache.cache import Cache
from myriad.scale.cache.namespace import Namespace
from myriad.scale.data import AFTER_COMMIT, Session
from myriad.scale.tenancy import TenantId

_CHANGES = "cache_changes"
_UNSEEN = "cache_unseen"
_COMMITTING = "cache_committing"
SESSION_CACHE = "caches"


def invalidate_after_commit(
    session: Session, cache: Cache, tenant_id: TenantId, *namespaces: Namespace[Any]
) -> None:
    """Bump the namespaces when this transaction commits; nothing happens when it rolls back.

    Readers of this process see the change at once; those of others when their trust in a generation
    ends, a second later at most (`Policy.local_seconds`).
    """
    info = session.sync_session.info
    changes: dict[tuple[str, TenantId], tuple[Cache, Namespace[Any]]] = info.setdefault(
        _CHANGES, {}
    )
    for namespace in namespaces:
        changes[namespace.name, tenant_id] = cache, namespace


def changes_no_view(session: Session) -> None:
    """Say that this transaction changes nothing that any cached view of its tenant shows.

    For rows that are written while something is read, such as who looked: else nothing would stay
    in the cache that somebody looks at.
    """
    session.sync_session.info[_UNSEEN] = True


def tell_tenant_changed(info: Mapping[str, Any], tenant_id: TenantId) -> None:
    """Do once what commits that `changes_no_view` left: begin the tenant's generation anew.

    `info` is what sessions of the process carry (`Database.session_info`). Waits for nobody and
    never fails.
    """
    followed: Cache | None = info.get(SESSION_CACHE)
    if followed is not None:
        followed.tenant_changed(tenant_id)


@contextmanager
def committing(session: Session) -> Iterator[None]:
    """Ask the server to commit by other means in this block, then by `session.commit()` as well.

    What fails in it may have been committed nevertheless, and counts as that.
    """
    try:
        yield
    except BaseException:
        _tell(session.sync_session)
        raise


@event.listens_for(SyncSession, "before_commit")
def _expect(session: SyncSession) -> None:
    if not session.in_nested_transaction():
        session.info[_COMMITTING] = True


@event.listens_for(SyncSession, "after_commit")
def _heard(session: SyncSession) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_COMMITTING, None)
        _tell(session)


@event.listens_for(SyncSession, "after_transaction_end")
def _unheard(session: SyncSession, transaction: SessionTransaction) -> None:
    """Tell of a commit whose answer never came: the server may have done it nevertheless."""
    if transaction.parent is None and session.info.pop(_COMMITTING, False):
        _tell(session)


def _tell(session: SyncSession) -> None:
    # Who ends the transaction waits for these where somebody waits for its answer.
    telling = session.info.setdefault(AFTER_COMMIT, set())
    for (_, tenant_id), (cache, namespace) in session.info.pop(_CHANGES, {}).items():
        _note(telling, cache.invalidate_soon(namespace, tenant_id))
    followed: Cache | None = session.info.get(SESSION_CACHE)
    if not session.info.pop(_UNSEEN, False) and followed is not None:
        _note(telling, followed.tenant_changed(session.info["tenant_id"]))


def _note(telling: set[Task[None]], task: Task[None]) -> None:
    telling.add(task)
    task.add_done_callback(telling.discard)


@event.listens_for(SyncSession, "after_rollback")
def _forget(session: SyncSession) -> None:
    if not session.in_nested_transaction() and _COMMITTING not in session.info:
        session.info.pop(_CHANGES, None)
        session.info.pop(_UNSEEN, None)
