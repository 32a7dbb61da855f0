"""The OpenAPI document tells the truth: requests made from it get the answers that it promises."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.every_product.routes import endpoints_of
from tests.fixtures.app import LiveApp

_EXAMPLES, _MANY_EXAMPLES = 4, 32

# Excluded below: positive_data_acceptance. A schema cannot say that a cursor must be one of ours
# or that a day must not have passed; such requests are refused with a documented 422.


def _schema(live: LiveApp) -> Any:
    config = SchemathesisConfig()
    return schemathesis.openapi.from_url(f"{live.url}/api/openapi.json", config=config)


def test_every_api_route_is_documented(real_app: FastAPI) -> None:
    documented = {
        f"{method.upper()} {path}"
        for path, item in real_app.openapi()["paths"].items()
        for method in item
    }
    served = {one.name for one in endpoints_of(real_app) if one.is_api}
    assert served <= documented


def test_every_documented_failure_is_a_problem(real_app: FastAPI) -> None:
    for path, item in real_app.openapi()["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                if status[0] in "45" and path.startswith("/api/v1/") and "health" not in path:
                    kinds = set(response["content"])
                    assert kinds == {"application/problem+json"}, f"{method} {path} {status}"


@pytest.mark.timeout(600)
def test_requests_from_the_document_get_documented_answers(live_app: LiveApp) -> None:
    faults = _faults(live_app, _EXAMPLES)
    assert faults == [], "\n\n".join(faults)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_requests_from_the_document_get_documented_answers(live_app: LiveApp) -> None:
    faults = _faults(live_app, _MANY_EXAMPLES)
    assert faults == [], "\n\n".join(faults)


def _faults(live: LiveApp, examples: int) -> list[str]:
    """Return what each operation answered otherwise than it documents."""
    found = []
    for result in _schema(live).get_all_operations():
        operation = result.ok()
        fault = _try(operation, live.first.owner.bearer, examples)
        if fault is not None:
            found.append(f"{operation.method.upper()} {operation.path}: {fault}")
    return found


def _try(operation: Any, headers: dict[str, str], examples: int) -> str | None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def probe(case: Any) -> None:
        case.call_and_validate(
            headers=headers, timeout=20, excluded_checks=[positive_data_acceptance]
        )

    try:
        probe()
    except FailureGroup as failures:
        return str(failures)[:1500]
    return None
