"""What can go wrong in Kamioi, for people to understand and act on."""

from __future__ import annotations

from myriad.kit.errors import ConflictError, InvalidInputError


class FactFileError(InvalidInputError):
    """A file of facts cannot be read as what it is said to be."""

    code = "kamioi_fact_file"
    title = "This file of facts cannot be read"


class StringsFileError(InvalidInputError):
    """A list of strings to map has not the documented form."""

    code = "kamioi_strings_file"
    title = "This list of strings cannot be read"


class StaleMappingError(ConflictError):
    """Somebody else decided the descriptor since it was read."""

    code = "kamioi_stale_mapping"
    title = "Decided by somebody else meanwhile"
