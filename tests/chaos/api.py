"""The real API with one route more: `python -m tests.chaos.api --port PORT`."""

from __future__ import annotations

import argparse

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from myriad.apps.api import create_app
from myriad.scale.http import Router, Staff, TenantSession
from tests.chaos.ledger import Order
from tests.chaos.placing import place

router = Router(tags=["ledger"])


class OrderCreate(BaseModel):
    """What a client orders."""

    number: int
    kind: str
    job_class: str | None = None
    facts: dict[str, float] = {}


@router.post("/orders", status_code=202)
async def create_order(caller: Staff, session: TenantSession, body: OrderCreate) -> OrderCreate:
    """Place one order."""
    await place(session, Order(body.number, body.kind), job_class=body.job_class, **body.facts)
    return body


def make_app() -> FastAPI:
    """Return the API as it is served, with the ledger's route."""
    app = create_app()
    app.include_router(router, prefix="/api/v1/ledger")
    return app


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    uvicorn.run(make_app(), host="127.0.0.1", port=port, access_log=False, log_config=None)


if __name__ == "__main__":
    main()
