"""The frozen Product type that every product fills in; it reads like a table of contents.

Parts that only one kind of process needs are named as "module:attribute" and imported by that
process, so that the ticker does not carry the web framework nor the API the numerics.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from myriad.kit.errors import MyriadError

if TYPE_CHECKING:
    from fastapi import APIRouter

    from myriad.scale.schedule.specs import ScheduleSpec


class ManifestError(MyriadError):
    """A product's manifest names something that is not there."""

    code = "manifest_error"
    title = "Broken manifest"


@dataclass(frozen=True)
class NavigationItem:
    """One entry of the side navigation: where it leads and the key that follows `g`.

    Those for members lead to pages that answer a person about themselves; the first is their home.
    Those for owners lead to pages that the rest of the staff may not open.
    """

    title: str
    path: str
    key: str
    audience: Literal["staff", "owner", "member"] = "staff"


@dataclass(frozen=True)
class Product:
    """Everything that the platform needs to know about a product.

    `router` ("module:attribute") is served under /api/v1/<name>, `pages` under /<name>, both
    APIRouter. `tasks` names the module whose import registers the job tasks. `migrations` is the
    folder of the product's Alembic branch, `templates` that of its Jinja templates.
    `alerts` is the async function ("module:attribute", of Runtime and Principal) that tells what
    stands above each of its pages, `standing` the function (of the same) that tells what always
    holds of it here, or None, `operations` are screens for operators of the installation,
    `leaving` the async function ("module:attribute", of a session and a user's id) that puts right
    what a person leaves behind whose membership ends, in the transaction that ends it,
    and `measures` ("module:attribute", an async function of Database and settings) sets its metrics over all
    tenants; the ticker calls it every ten minutes.
    `bulk_tables` ("module:attribute" of each BulkTable) are those whose rows in quarantine can be
    taken in again by their table's name.
    `resources` maps a path parameter of its routes to the table that it identifies, `shortcuts` what
    keys do on its screens, in words, to those keys: the shared help lists them.
    """

    name: str
    title: str
    summary: str
    home: str
    router: str
    pages: str
    tasks: str
    migrations: Path
    templates: Path
    schedules: tuple[ScheduleSpec, ...] = ()
    navigation: tuple[NavigationItem, ...] = ()
    operations: tuple[NavigationItem, ...] = ()
    alerts: str = ""
    standing: str = ""
    leaving: str = ""
    measures: str = ""
    bulk_tables: tuple[str, ...] = ()
    resources: tuple[tuple[str, str], ...] = ()
    shortcuts: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def load_router(self) -> APIRouter:
        """Import and return the router of the product's API."""
        router: APIRouter = load(self.router)
        return router

    def load_pages(self) -> APIRouter:
        """Import and return the router of the product's screens."""
        router: APIRouter = load(self.pages)
        return router

    def load_tasks(self) -> None:
        """Import the module that registers the product's job tasks."""
        import_module(self.tasks)


def load(reference: str) -> Any:
    """Return the object that "module:attribute" names, or raise ManifestError."""
    module, _, attribute = reference.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except AttributeError:
        raise ManifestError(f"{module} has no attribute {attribute!r}") from None
