"""What can go wrong with a move; every message says what to do."""

from __future__ import annotations

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError


class MappingError(InvalidInputError):
    """A mapping file cannot be used: it names what neither database has, or an unknown word."""

    code = "migration_mapping"
    title = "The mapping does not fit"


class MigrationMissingError(NotFoundError):
    """No move of that name has begun."""

    code = "migration_missing"
    title = "No such move"


class PhaseError(ConflictError):
    """That step does not follow the present phase, or its gate is shut."""

    code = "migration_phase"
    title = "Not now"


class ValueRefusedError(ValueError):
    """A value that its column cannot take; the text is the reason that is kept with the row."""
