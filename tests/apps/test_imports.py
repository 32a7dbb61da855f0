"""What each process of an installation imports at its start: memory and seconds of every start."""

from __future__ import annotations

import subprocess
import sys

import pytest

_TICKER = """
import myriad.apps.ticker
from myriad.apps.products import PRODUCTS
from myriad.scale.manifest import load
for product in PRODUCTS:
    if product.measures:
        load(product.measures)
"""
_API = "from myriad.apps import serve; serve.import_all()"
_WORKER = """
import myriad.apps.worker
from myriad.apps.products import PRODUCTS
for product in PRODUCTS:
    product.load_tasks()
"""
_NUMERICS = ("numpy", "scipy")
_WEB = ("fastapi", "uvicorn", "jinja2")
_MODELS = ("pydantic_ai", "openai", "anthropic")
_PAPER = ("reportlab",)
_PROCESSES = {
    "ticker": (_TICKER, (*_NUMERICS, *_WEB, *_MODELS, *_PAPER)),
    "api": (_API, ("scipy", *_MODELS, *_PAPER, "alembic", "celery")),
    "worker": (_WORKER, ("scipy.stats", "fastapi", "uvicorn", *_MODELS, *_PAPER)),
    "simulators": ("import myriad.apps.simulators", (*_NUMERICS, "sqlalchemy", "fastapi")),
    "up": ("import myriad.apps.cli.up", (*_NUMERICS, *_WEB, "pydantic", "sqlalchemy")),
}


@pytest.mark.parametrize("process", _PROCESSES)
def test_a_process_leaves_out_what_others_need(process: str) -> None:
    code, left_out = _PROCESSES[process]
    found = f"{code}\nimport sys; print([name for name in {left_out!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", found], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
