"""Structured answers: the JSON schema that a model is given, and its answer held against it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import BaseModel, TypeAdapter, ValidationError

from myriad.scale.ai.errors import InvalidOutputError
from myriad.scale.ai.request import AIRequest

_LONGEST_FAULT = 1_000


_schemas: dict[type[Any], dict[str, Any]] = {}
_digests: dict[type[Any], str] = {}
_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def json_schema_of(schema: type[Any]) -> dict[str, Any]:
    """Return the JSON schema of a Pydantic model or a msgspec Struct; an object at its top."""
    found = _schemas.get(schema)
    if found is None:
        found = _schemas[schema] = _make_schema(schema)
    return found


def schema_of(request: AIRequest) -> Mapping[str, Any] | None:
    """Return the JSON schema that a request asks for, if it does."""
    if request.schema is not None:
        return json_schema_of(request.schema)
    return request.json_schema


def value_in(request: AIRequest, text: str) -> Any:
    """Return the value that a structured answer holds; raises InvalidOutputError."""
    if request.schema is not None:
        return parse(request.schema, text)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise InvalidOutputError("the answer does not fit: it is no JSON") from None


def _make_schema(schema: type[Any]) -> dict[str, Any]:
    if not issubclass(schema, msgspec.Struct):
        return _adapter(schema).json_schema()
    _, components = msgspec.json.schema_components((schema,), ref_template="#/$defs/{name}")
    own = dict(components.pop(schema.__name__))
    return {**own, "$defs": components} if components else own


def digest_of(request: AIRequest) -> str:
    """Return what names the schema of a request in a cache key; empty without one."""
    schema = request.schema
    if schema is None:
        return _digest(request.json_schema) if request.json_schema else ""
    found = _digests.get(schema)
    if found is None:
        found = _digests[schema] = _digest(json_schema_of(schema))
    return found


def _digest(schema: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()


def parse(schema: type[Any], text: str) -> Any:
    """Return the value of the schema that `text`, JSON, holds; raises InvalidOutputError."""
    try:
        if issubclass(schema, msgspec.Struct):
            return msgspec.json.decode(text, type=schema)
        return _adapter(schema).validate_json(text)
    except (msgspec.MsgspecError, ValidationError) as error:
        fault = _explain(error)[:_LONGEST_FAULT]
        raise InvalidOutputError(f"the answer does not fit: {fault}") from None


def dump(value: Any) -> str:
    """Return a value of a schema as JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return msgspec.json.encode(value).decode()


def _adapter(schema: type[Any]) -> TypeAdapter[Any]:
    found = _adapters.get(schema)
    if found is None:
        found = _adapters[schema] = TypeAdapter(schema)
    return found


def _explain(error: msgspec.MsgspecError | ValidationError) -> str:
    # The answer itself stays out: it may hold what a customer wrote, and errors are logged.
    if isinstance(error, ValidationError):
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults)
    return str(error)
