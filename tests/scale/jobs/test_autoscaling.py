"""The examples for autoscalers parse, name metrics that exist and keep to the targets of AC-14."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from myriad.scale.jobs import measures
from myriad.scale.observe.metrics import render_metrics
from myriad.scale.runtime import Runtime

FOLDER = Path(__file__).parents[3] / "deploy" / "autoscaling"
FILES = sorted(FOLDER.glob("*.yaml"))
_METRIC = re.compile(r"myriad_jobs_[a-z_]+")


def read(name: str) -> dict[str, Any]:
    """Return one example."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return found


@pytest.mark.parametrize("path", [*FILES, FOLDER / "README.md"], ids=lambda path: path.name)
def test_each_metric_named_exists_in_the_registry(path: Path) -> None:
    for gauge in (measures.PRESSURE, measures.READY_PLUS_RUNNING, measures.SLOTS):
        gauge.labels("all").set(0)
    known = set(_METRIC.findall(render_metrics().decode()))
    assert set(_METRIC.findall(path.read_text())) <= known


def test_the_hpa_aims_at_cpu_70_memory_80_and_ten_jobs_a_worker() -> None:
    metrics = read("hpa.yaml")["spec"]["metrics"]
    targets = {
        each["resource"]["name"]: each["resource"]["target"]["averageUtilization"]
        for each in metrics
        if each["type"] == "Resource"
    }
    assert targets == {"cpu": 70, "memory": 80}
    external = next(each["external"] for each in metrics if each["type"] == "External")
    assert external["metric"]["name"] == "myriad_jobs_ready_plus_running"
    assert external["target"]["averageValue"] == "10"


@pytest.mark.parametrize("name", ["keda-prometheus.yaml", "keda-postgresql.yaml"])
def test_keda_aims_at_the_same(name: str) -> None:
    triggers = {each["type"]: each["metadata"] for each in read(name)["spec"]["triggers"]}
    assert (triggers["cpu"]["value"], triggers["memory"]["value"]) == ("70", "80")
    queue = triggers.get("prometheus") or triggers["postgresql"]
    assert queue.get("threshold", queue.get("targetQueryValue")) == "10"


async def test_the_query_of_kedas_postgresql_scaler_runs(runtime: Runtime) -> None:
    triggers = {
        each["type"]: each["metadata"] for each in read("keda-postgresql.yaml")["spec"]["triggers"]
    }
    query = f"SELECT ({triggers['postgresql']['query']}) AS jobs"
    rows = await runtime.database.crossing_rows("test asks as KEDA does", query)
    assert rows[0]["jobs"] >= 0
