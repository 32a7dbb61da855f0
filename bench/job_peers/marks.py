"""What every peer shares: where its servers are, and the effect that a job leaves behind.

Standard library only, for each peer runs in an environment of its own.
"""

from __future__ import annotations

import os
import sys
import time

BROKER = os.environ.get("JOB_PEER_BROKER", "")
DATABASE = os.environ.get("JOB_PEER_DATABASE", "")
LATE = os.environ.get("JOB_PEER_LATE") == "1"
DIES = os.environ.get("JOB_PEER_DIES") == "1"
WAIT_SECONDS = 0.2
SHORT_SECONDS = 0.001
# What a peer waits before it takes a dead worker's messages back; the default is minutes.
SILENT_SECONDS = 5

_file = -1


def write(effect: bytes) -> None:
    """Append to the file of effects; with O_APPEND that is one indivisible step."""
    global _file
    if _file < 0:
        _file = os.open(
            os.environ["JOB_PEER_EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600
        )
    os.write(_file, effect)


def touch() -> None:
    """Leave one byte: the job that costs nothing but being a job."""
    write(b".")


def record(number: int) -> None:
    """Leave the job's number, between two waits of a millisecond into which kills can fall."""
    time.sleep(SHORT_SECONDS)
    write(line_of(number))
    time.sleep(SHORT_SECONDS)


def line_of(number: int) -> bytes:
    """Return the eight bytes that say that job `number` had its effect."""
    return b"%07d\n" % number


def asked() -> tuple[str, range, float]:
    """Return from the command line which task to enqueue, for which numbers, and how slowly."""
    task, first, count, *pause = sys.argv[1:]
    return task, range(int(first), int(first) + int(count)), float(pause[0]) if pause else 0.0
