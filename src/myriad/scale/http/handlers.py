"""Which error becomes which answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import psycopg
import psycopg_pool
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy import exc as sqlalchemy_errors
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from myriad.kit.errors import MyriadError
from myriad.scale.http.problem import (
    UNAVAILABLE,
    UNSTORABLE,
    Problem,
    of_http_error,
    of_myriad_error,
    of_validation_error,
    problem_response,
)
from myriad.scale.observe.logs import get_logger

FaultPage = Callable[[Request, Problem], Awaitable[Response]]

_log = get_logger(__name__)


def wants_page(request: Request) -> bool:
    """Tell whether a person's browser asks, outside the API."""
    path = request.url.path
    accepts = request.headers.get("accept", "")
    return not path.startswith("/api/") and "text/html" in accepts


async def answer_problem(request: Request, problem: Problem) -> Response:
    """Return the problem as a page for a person and as JSON for a program."""
    draw: FaultPage | None = request.app.state.fault_page
    if draw is not None and wants_page(request):
        return await draw(request, problem)
    return problem_response(request, problem)


async def _myriad_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, MyriadError)
    problem = of_myriad_error(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request_failed", code=error.code, exc_info=error)
    return await answer_problem(request, problem)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await answer_problem(request, of_validation_error(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await answer_problem(request, of_http_error(error))


async def _unreachable(request: Request, error: Exception) -> Response:
    _log.error("database_unreachable", exc_info=error)
    return await answer_problem(request, UNAVAILABLE)


async def _unstorable(request: Request, error: Exception) -> Response:
    _log.warning("value_unstorable", exc_info=error)
    return await answer_problem(request, UNSTORABLE)


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    MyriadError: _myriad_error,
    RequestValidationError: _validation_error,
    HTTPException: _http_error,
    psycopg.OperationalError: _unreachable,
    psycopg_pool.PoolTimeout: _unreachable,
    sqlalchemy_errors.OperationalError: _unreachable,
    sqlalchemy_errors.TimeoutError: _unreachable,
    psycopg.DataError: _unstorable,
    sqlalchemy_errors.DataError: _unstorable,
}


def install_handlers(app: FastAPI) -> None:
    """Let `app` answer every expected error; unexpected ones are the middleware's."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
