"""Whether an idle connection still lives, read from its socket: no round trip, nothing consumed."""

from __future__ import annotations

import os
import select
import socket
from typing import Any

from psycopg import AsyncConnection

# The server's first words to an idle connection that it ends (PostgreSQL 18, section 54.7); it may
# also say that a parameter changed or that a notification came, and then it goes on.
_ERROR_RESPONSE = b"E"
# Not every system tells that the other side has closed while something is still to be read.
_CLOSED = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


def has_ended(driver: AsyncConnection[Any]) -> bool:
    """Say whether the server has closed an idle connection.

    What comes through TLS cannot be told apart: there any news counts as the end.
    """
    if driver.closed:
        return True
    news = _news(driver.fileno())
    if not news:
        return False
    return bool(news & _CLOSED) or driver.pgconn.ssl_in_use or _says_the_end(driver.fileno())


def _news(descriptor: int) -> int:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN | _CLOSED)
    found = poller.poll(0)
    return found[0][1] if found else 0


def _says_the_end(descriptor: int) -> bool:
    with socket.socket(fileno=os.dup(descriptor)) as peeked:
        return peeked.recv(1, socket.MSG_PEEK) in {b"", _ERROR_RESPONSE}
