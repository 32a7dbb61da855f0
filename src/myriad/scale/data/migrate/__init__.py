"""Moving a SQLite database to PostgreSQL while the old program goes on writing."""

from myriad.scale.data.migrate.applying import apply_writes
from myriad.scale.data.migrate.errors import MappingError, MigrationMissingError, PhaseError
from myriad.scale.data.migrate.following import follow
from myriad.scale.data.migrate.mapping import MigrationMap
from myriad.scale.data.migrate.moving import PHASES, Move
from myriad.scale.data.migrate.place import Place
from myriad.scale.data.migrate.returning import apply_back
from myriad.scale.data.migrate.verifying import Proof

__all__ = [
    "PHASES",
    "MappingError",
    "MigrationMap",
    "MigrationMissingError",
    "Move",
    "PhaseError",
    "Place",
    "Proof",
    "apply_back",
    "apply_writes",
    "follow",
]
