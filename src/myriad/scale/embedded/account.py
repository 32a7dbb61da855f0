"""The account under which the servers run, for PostgreSQL refuses to run as root.

No folder that we do not own is ever opened wider. When a parent folder is closed to the account
(a 0700 temporary folder of root), the child keeps one capability instead.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from myriad.scale.embedded import kernel
from myriad.scale.embedded.errors import AccountError
from myriad.scale.embedded.kernel import Capability


@dataclass(frozen=True)
class Account:
    """Whom a child becomes before exec, and the one capability that it keeps."""

    uid: int
    gid: int
    capability: Capability | None = None

    def own(self, path: Path) -> None:
        """Give `path` itself (not what is in it) to this account."""
        os.chown(path, self.uid, self.gid)

    def become(self) -> None:
        """Drop to this account; called in the child between fork and exec."""
        if self.capability is not None:
            kernel.keep_capabilities_across_setuid()
        os.setgroups([self.gid])
        os.setgid(self.gid)
        os.setuid(self.uid)
        if self.capability is not None and not kernel.keep_only(self.capability):
            raise PermissionError


def choose_account(home: Path, executables: list[Path], folders: list[Path]) -> Account | None:
    """Return the account for servers of `home`, or None when we may stay who we are.

    Raises AccountError when no account can reach `executables` and `folders`.
    """
    if not kernel.is_root():
        return None
    entry = _unprivileged_entry([*folders, home])
    account = Account(entry.pw_uid, entry.pw_gid)
    if _reaches_all(account, executables, folders):
        return account
    return Account(account.uid, account.gid, _choose_capability(account, executables))


def _unprivileged_entry(owned_by: list[Path]) -> pwd.struct_passwd:
    """Return the first non-root owner of the paths that exist, else `nobody`."""
    owners = (path.stat().st_uid for path in owned_by if path.exists())
    uid = next((owner for owner in owners if owner != 0), None)
    try:
        return pwd.getpwnam("nobody") if uid is None else pwd.getpwuid(uid)
    except KeyError:
        message = (
            "PostgreSQL refuses to run as root, and this machine has no account for it; "
            "run ./myriad as an ordinary user, or create the account `nobody`."
        )
        raise AccountError(message) from None


def _choose_capability(account: Account, executables: list[Path]) -> Capability:
    held = kernel.permitted_capabilities()
    runnable = all(_may(account, path, stat.S_IXOTH) for path in executables)
    if runnable and Capability.DAC_READ_SEARCH in held:
        return Capability.DAC_READ_SEARCH
    if Capability.DAC_OVERRIDE in held:
        return Capability.DAC_OVERRIDE
    message = (
        "PostgreSQL refuses to run as root, and the account that it would run under cannot reach "
        f"{executables[0]}; move the folder to a place that other accounts may enter (0755), or "
        "run ./myriad as an ordinary user who owns it."
    )
    raise AccountError(message)


def _reaches_all(account: Account, executables: list[Path], folders: list[Path]) -> bool:
    wanted = [*executables, *(path for path in folders if path.exists())]
    parents = {parent for path in [*wanted, *folders] for parent in path.resolve().parents}
    to_pass = [*(parent for parent in parents if parent.exists()), *wanted]
    return all(_may(account, path, stat.S_IXOTH) for path in to_pass)


def _may(account: Account, path: Path, bit_for_others: int) -> bool:
    """Say whether the mode bits let the account do what `bit_for_others` lets others do."""
    facts = path.stat()
    if facts.st_uid == account.uid:
        return bool(facts.st_mode & (bit_for_others << 6))
    if facts.st_gid == account.gid:
        return bool(facts.st_mode & (bit_for_others << 3))
    return bool(facts.st_mode & bit_for_others)
