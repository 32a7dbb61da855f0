"""What one process holds itself: so many entries and so many bytes, the oldest go first."""

from __future__ import annotations

from collections.abc import Hashable

from myriad.scale.cache.entry import Entry

MOST_BYTES = 64 * 1024 * 1024


class Held:
    """Entries by key. Drawn screens weigh a thousand times what a count does, so both are bounded."""

    def __init__(self, most: int, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._entries: dict[Hashable, Entry] = {}
        self._bytes = 0

    def find(self, key: Hashable) -> Entry | None:
        """Return the entry, however old it is."""
        return self._entries.get(key)

    def keep(self, key: Hashable, entry: Entry) -> None:
        """Keep an entry; it is the newest now."""
        self._drop(key)
        self._entries[key] = entry
        self._bytes += entry.size_bytes
        while len(self._entries) > self._most or self._bytes > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size_bytes
