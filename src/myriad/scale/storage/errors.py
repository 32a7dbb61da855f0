"""What can go wrong with files."""

from __future__ import annotations

from myriad.kit.errors import InvalidInputError, MyriadError, NotFoundError


class StorageError(MyriadError):
    """The place where files lie does not do what was asked."""

    code = "storage_error"
    title = "Storage failed"


class FileNotStoredError(NotFoundError):
    """There is no file of that name."""

    code = "file_not_stored"
    title = "No such file"


class FileNameError(InvalidInputError):
    """A name that could leave its place, or that a bucket would not take."""

    code = "invalid_file_name"
    title = "Invalid file name"


class LinkError(NotFoundError):
    """A signed link that is over, changed, or another's."""

    code = "link_over"
    title = "This link is over"
