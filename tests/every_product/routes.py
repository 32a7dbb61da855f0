"""Every route of the real application, and a plausible request for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import FastAPI, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter

from myriad.apps.products import PRODUCTS
from myriad.kit.ids import new_id
from myriad.scale.http import EverybodyMay
from myriad.scale.http.guards import (
    get_belonging,
    get_caller,
    get_known,
    get_operator,
    get_owner,
    get_staff,
)
from tests.every_product.exceptions import PARAMETERS_WITHOUT_TABLE, PLATFORM_RESOURCES

PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
_GUARDS = {
    get_operator: "operator",
    get_owner: "owner",
    get_staff: "staff",
    get_belonging: "belonging",
    get_caller: "caller",
    get_known: "caller",
}
_BY_FORMAT = {
    "uuid": str(UUID(int=7)),
    "date": "2099-12-31",
    "date-time": "2099-12-31T12:00:00Z",
    "email": "a@example.com",
    "uri": "https://example.com/x",
}


class UnknownParameterError(AssertionError):
    """A path parameter that no manifest and no exception explains."""


@dataclass(frozen=True)
class Endpoint:
    """One method of one route, with what a request to it needs."""

    method: str
    template: str
    dependant: Dependant
    body: Any
    is_api: bool

    @property
    def name(self) -> str:
        """The method and template, such as `GET /api/v1/me`."""
        return f"{self.method} {self.template}"

    @property
    def parameters(self) -> list[str]:
        """The path parameters in their order."""
        return PARAMETER.findall(self.template)

    @property
    def calls(self) -> set[Any]:
        """Everything that the endpoint depends on, however deep."""
        return set(_calls(self.dependant))

    @property
    def public_reason(self) -> str | None:
        """Why nobody needs to be signed in, or None."""
        reasons = (call.reason for call in self.calls if isinstance(call, EverybodyMay))
        return next(reasons, None)

    @property
    def role(self) -> str | None:
        """The strictest guard: operator, owner, staff, belonging, caller, or None."""
        return next((role for guard, role in _GUARDS.items() if guard in self.calls), None)

    def request(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of `client.request` with `values` in the path."""
        path = PARAMETER.sub(
            lambda match: quote(str(values[match.group(1)]), safe=""), self.template
        )
        query = {
            field.alias: example_of(_schema(field))
            for field in self.dependant.query_params
            if field.field_info.is_required()
        }
        arguments: dict[str, Any] = {"method": self.method, "url": path, "params": query}
        if self.body is not None:
            is_form = isinstance(self.body.field_info, params.Form)
            arguments["data" if is_form else "json"] = example_of(_schema(self.body))
        return arguments


def _calls(dependant: Dependant) -> Iterator[Any]:
    for child in dependant.dependencies:
        yield child.call
        yield from _calls(child)


def _schema(field: Any) -> dict[str, Any]:
    return TypeAdapter(field.field_info.annotation).json_schema()


def endpoints_of(app: FastAPI) -> list[Endpoint]:
    """Return every endpoint of the application."""
    found = []
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context.original_route, "dependant", None)
        if dependant is None:
            continue
        for method in sorted((context.methods or set()) - {"HEAD"}):
            path = str(context.path)
            body = context.body_field
            found.append(
                Endpoint(method, path, context.dependant, body, path.startswith("/api/v1/"))
            )
    return found


def example_of(schema: dict[str, Any], definitions: dict[str, Any] | None = None) -> Any:
    """Return a value that fits a JSON schema, with the required members only."""
    known = definitions if definitions is not None else schema.get("$defs", {})
    if "$ref" in schema:
        return example_of(known[schema["$ref"].rsplit("/", 1)[-1]], known)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return example_of(schema[choice][0], known)
    for fixed in ("const", "default", "enum", "examples"):
        if fixed in schema:
            return schema[fixed][0] if fixed in ("enum", "examples") else schema[fixed]
    return _by_type(schema, known)


def _by_type(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {})
        return {name: example_of(members[name], known) for name in schema.get("required", [])}
    if kind == "array":
        return [example_of(schema["items"], known)] if schema.get("minItems") else []
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    text = _BY_FORMAT.get(schema.get("format", ""), "example")
    return text.ljust(schema.get("minLength", 0), "x")


def resources() -> dict[str, str]:
    """Return which table each path parameter names."""
    declared = {name: table for product in PRODUCTS for name, table in product.resources}
    return {**PLATFORM_RESOURCES, **declared}


def values_for(endpoint: Endpoint, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the path's values: ids of `rows` (one a table), or raise UnknownParameterError.

    A parameter named `x_id` is looked up in the manifests' `resources`, as `schema.table` (its
    column `id`) or `schema.table.column`.
    """
    tables, values = resources(), dict[str, Any]()
    for name in endpoint.parameters:
        if name in PARAMETERS_WITHOUT_TABLE:
            values[name] = PARAMETERS_WITHOUT_TABLE[name]
        elif name in tables:
            schema, table, *column = tables[name].split(".")
            values[name] = rows[f"{schema}.{table}"][column[0] if column else "id"]
        else:
            raise UnknownParameterError(
                f"{endpoint.name}: no table is known for {name!r}; name it in the product's "
                "resources or in exceptions.PARAMETERS_WITHOUT_TABLE"
            )
    return values


def anything_for(endpoint: Endpoint) -> dict[str, Any]:
    """Return values for the path that name nothing."""
    return {name: PARAMETERS_WITHOUT_TABLE.get(name, new_id()) for name in endpoint.parameters}
