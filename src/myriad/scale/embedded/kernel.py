"""The few Linux calls that Python has no name for; see prctl(2) and capabilities(7).

Everything here is bound at import, because it runs between fork and exec, where little is safe.
On other systems the functions do nothing and say so by returning False.
"""

from __future__ import annotations

import ctypes
import os
import sys
from enum import IntEnum
from pathlib import Path

_LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_SECUREBITS = 28
_PR_SET_CHILD_SUBREAPER = 36
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_SECBIT_NO_SETUID_FIXUP = 1 << 2


class Capability(IntEnum):
    """Capabilities that let an unprivileged account pass folders closed to it."""

    DAC_OVERRIDE = 1
    DAC_READ_SEARCH = 2


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def _prctl(option: int, *arguments: int) -> bool:
    if _LIBC is None:
        return False
    padded = (*arguments, 0, 0, 0, 0)[:4]
    return bool(_LIBC.prctl(option, *map(ctypes.c_ulong, padded)) == 0)


def die_with_parent(signal_number: int) -> bool:
    """Have the kernel send `signal_number` to this process when the parent thread ends."""
    return _prctl(_PR_SET_PDEATHSIG, signal_number)


def adopt_orphans() -> bool:
    """Make this process the parent of orphaned descendants, so that it can reap them."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def keep_capabilities_across_setuid() -> bool:
    """Keep the permitted set when the last root uid is given up.

    The secure bit also makes access(2) honour what is kept, by which PostgreSQL looks for its own
    binaries; without the right to set it, only the permitted set is kept.
    """
    return _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP) or _prctl(_PR_SET_KEEPCAPS, 1)


def keep_only(capability: Capability) -> bool:
    """Reduce this process to one capability that also survives exec (the ambient set)."""
    if _LIBC is None:
        return False
    bit = 1 << capability
    sets = (_Sets * 2)(_Sets(bit, bit, bit), _Sets(0, 0, 0))
    header = _Header(_CAPABILITY_VERSION_3, 0)
    if _LIBC.capset(ctypes.byref(header), sets) != 0:
        return False
    return _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def permitted_capabilities() -> frozenset[Capability]:
    """Return which of the two capabilities this process holds."""
    if not _LINUX:
        return frozenset()
    lines = Path("/proc/self/status").read_text().splitlines()
    mask = next((int(line.split()[1], 16) for line in lines if line.startswith("CapPrm:")), 0)
    return frozenset(capability for capability in Capability if mask & (1 << capability))


def is_root() -> bool:
    """Say whether this process runs as uid 0, which PostgreSQL refuses."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
