"""What can stand in the way of reading or changing the registry."""

from __future__ import annotations

from myriad.kit.errors import ConflictError, NotFoundError


class RegistryBusyError(ConflictError):
    """Another process is loading an extract."""

    code = "registry_busy"
    title = "The registry is being loaded"

    def __init__(self) -> None:
        super().__init__("Another process is loading the registry; try again when it is done.")


class CompanyNotFoundError(NotFoundError):
    """No company of that number is in the registry."""

    code = "company_not_found"
    title = "No such company"
