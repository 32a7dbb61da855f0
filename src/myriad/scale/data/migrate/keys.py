"""Which UUID stands for which key of SQLite, where the key does not stand in the UUID itself."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from myriad.scale.data.migrate.values import key_in

# Keys from nought to below this stand in their UUIDs.
KEYS_IN_UUIDS = 2**62


class Keys:
    """The rows that were born in PostgreSQL, by salt; the file remembers them, also for another move."""

    def __init__(self, known: Mapping[tuple[str, int], UUID]) -> None:
        self._uuids: dict[tuple[str, int], UUID] = {}
        self._keys: dict[tuple[str, UUID], int] = {}
        self.read_again(known)

    def read_again(self, known: Mapping[tuple[str, int], UUID]) -> None:
        """Forget what was remembered, and remember `known`."""
        self._uuids = dict(known)
        self._keys = {(salt, made): key for (salt, key), made in known.items()}

    def add(self, salt: str, key: int, made: UUID) -> None:
        """Remember one; the row that bore the key before is no longer known by it."""
        gone = self._uuids.get((salt, key))
        if gone is not None:
            self._keys.pop((salt, gone), None)
        self._uuids[salt, key] = made
        self._keys[salt, made] = key

    def find_uuid(self, salt: str, key: int) -> UUID | None:
        """Return the UUID of a row that was born in PostgreSQL."""
        return self._uuids.get((salt, key))

    def find_key(self, salt: str, made: UUID) -> int | None:
        """Return the key of SQLite for which a UUID stands; None where it is not known.

        The key in a UUID says nothing where SQLite has given it to a row born in PostgreSQL since.
        """
        found = key_in(salt, made)
        if found is not None and self._uuids.get((salt, found), made) == made:
            return found
        return self._keys.get((salt, made))
