"""Prometheus rules and the Grafana dashboard: they parse, and name only what we export.

Where promtool is at hand (Debian: apt-get install prometheus) it checks the syntax and lets every
alert fire and rest. That Grafana draws the dashboard is not checked: it needs a Grafana.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import pytest

from myriad.apps.products import PRODUCTS
from myriad.products.keeper.operations import measuring
from myriad.products.upswitch import measuring as register_measuring
from myriad.scale.data.backup import health, nightly
from myriad.scale.http import edge, hub
from myriad.scale.jobs import backlog, measures
from myriad.scale.jobs import events as job_events
from myriad.scale.jobs.overview import STUCK_SECONDS, look_at_queue
from myriad.scale.jobs.store import CLASSES, QUERIES
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import tick
from myriad.scale.storage.archive import measuring as months_measuring

yaml: Any = pytest.importorskip("yaml")

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
_EXPORTING = (
    edge,
    hub,
    backlog,
    measures,
    measuring,
    register_measuring,
    months_measuring,
    job_events,
    tick,
    nightly,
)
_METRIC = re.compile(r"\bmyriad_[a-z0-9_]+")
_LABELS = re.compile(r'(\w+)(=~?)"([^"]*)"')
_PAIRS = {")": "(", "]": "[", "}": "{"}


def alerts() -> dict[str, dict[str, Any]]:
    """Return every alert by its name."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def dashboard() -> dict[str, Any]:
    """Return the dashboard of jobs."""
    return dict(json.loads((DEPLOY / "grafana" / "dashboards" / "jobs.json").read_text()))


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every expression with the name of its alert or panel."""
    for name, rule in alerts().items():
        yield name, rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def exported() -> set[str]:
    """Return the name of every series that our processes may export."""
    for product in PRODUCTS:
        product.load_tasks()
    assert all(_EXPORTING)
    names = set[str]()
    for metric in prometheus_client.REGISTRY.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
        names |= {metric.name + end for end in suffixes.get(metric.type, ("",))}
    return names


def test_every_metric_that_is_named_is_exported() -> None:
    known = exported()
    unknown = {
        (where, name)
        for where, expression in expressions()
        for name in _METRIC.findall(expression)
        if name not in known
    }
    assert unknown == set()


def test_every_class_that_is_named_exists() -> None:
    for where, expression in expressions():
        for label, operator, value in _LABELS.findall(expression):
            if label == "job_class":
                names = set(value.split("|")) if operator == "=~" else {value}
                assert names <= {*CLASSES, "all"}, where


def test_expressions_are_balanced() -> None:
    for where, expression in expressions():
        open_ones: list[str] = []
        for sign in re.sub(r'"[^"]*"', "", expression):
            if sign in "([{":
                open_ones.append(sign)
            elif sign in _PAIRS:
                assert open_ones, where
                assert open_ones.pop() == _PAIRS[sign], where
        assert open_ones == [], where


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("warning", "critical"), name
        assert len(rule["annotations"]["summary"]) > 10, name
        assert rule["annotations"]["description"].endswith("."), name


def test_alerts_and_screens_agree_when_a_class_is_stuck() -> None:
    for job_class, seconds in STUCK_SECONDS.items():
        rule = alerts()[f"JobsOldest{job_class.capitalize()}"]
        assert float(rule["expr"].rpartition(">")[2]) == seconds


def test_alerts_and_screens_agree_when_backups_are_late() -> None:
    for name, span in {"BackupOld": health.LATE, "BackupLogWaits": health.LOG_WAITS}.items():
        assert float(alerts()[name]["expr"].rpartition(">")[2]) == span.total_seconds()


def test_the_other_files_parse_and_panels_do_not_overlap() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert config["rule_files"] == [RULES.name]
    for path in (DEPLOY / "grafana" / "provisioning").rglob("*.yml"):
        assert yaml.safe_load(path.read_text())["apiVersion"] == 1
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24, panel["title"]
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]


async def test_the_backlog_and_its_capacity_are_exported(runtime: Runtime) -> None:
    async with runtime.database.crossing("test measures the backlog") as session:
        await backlog.measure_backlog(session)
        assert len((await look_at_queue(session)).lanes) == len(CLASSES)
    for name in CLASSES:
        labels = {"job_class": name}
        capacity = prometheus_client.REGISTRY.get_sample_value(
            "myriad_jobs_backlog_capacity", labels
        )
        assert capacity is not None
        assert capacity > 0


def test_no_two_statements_of_the_queue_share_a_name() -> None:
    """Named queries of one package are one table; the second of a name would replace the first."""
    folder = Path(measures.__file__).parent / "queries"
    text = "\n".join(path.read_text() for path in folder.glob("*.sql"))
    names = re.findall(r"^-- name: (\w+)$", text, re.MULTILINE)
    assert sorted(names) == sorted(QUERIES)


# What makes each alert fire, as series of promtool: a value for each of the minutes 0 to 400.
_HEALTHY = {
    **{
        f'myriad_jobs_oldest_seconds{{job_class="{name}",state="queued"}}': "1x400"
        for name in CLASSES
    },
    'myriad_jobs_live{job_class="default",state="queued"}': "5x400",
    'myriad_jobs_live{job_class="bulk",state="queued"}': "90000x400",
    'myriad_jobs_live{job_class="default",state="dead"}': "3x400",
    'myriad_jobs_pressure{job_class="all"}': "0.5x400",
    'myriad_jobs_backlog{job_class="default"}': "1000x400",
    'myriad_jobs_backlog_capacity{job_class="high"}': "1000000x400",
    'myriad_jobs_attempts_total{task="a.b.c",outcome="succeeded"}': "0+600x400",
    'myriad_jobs_attempts_total{task="a.b.c",outcome="retry"}': "0+6x400",
    'myriad_jobs_attempts_total{task="a.b.c",outcome="dead"}': "0x400",
    'myriad_jobs_reaped_total{why="worker"}': "0x400",
    "myriad_jobs_dispatcher_leading": "1x400",
    'myriad_jobs_workers{standing="serving"}': "2x400",
    "myriad_schedule_last_tick_seconds": "0+60x400",
    'myriad_jobs_attempt_seconds_bucket{task="keeper.account.sync",le="60"}': "0+10x400",
    'myriad_jobs_attempt_seconds_bucket{task="keeper.account.sync",le="300"}': "0+10x400",
    'myriad_jobs_attempt_seconds_bucket{task="keeper.account.sync",le="+Inf"}': "0+10x400",
    'myriad_http_requests_total{method="GET",route="/",status="200"}': "0+600x400",
    'myriad_http_requests_total{method="GET",route="/",status="500"}': "0+6x400",
    'up{job="myriad-api",instance="api:8000"}': "1x400",
    "myriad_keeper_syncs_over_bound": "2x400",
    "myriad_keeper_drift_cents": "0x400",
    "myriad_keeper_insight_accuracy_ratio": "0.8x400",
    "myriad_keeper_insights_graded": "500x400",
    "myriad_keeper_cost_share_ratio": "0.01x400",
    "myriad_upswitch_register_age_days": "3x400",
    'myriad_data_standby_lag_seconds{standby="standby-1"}': "0.1x400",
    'myriad_data_months_ahead{table="kamioi.purchase"}': "3x400",
    'myriad_data_default_partition_rows{table="kamioi.purchase"}': "0x400",
    "myriad_backup_newest_age_seconds": "3600x400",
    "myriad_backup_log_waiting_seconds": "0x400",
    'myriad_backup_runs_total{outcome="good"}': "0+1x400",
    'myriad_backup_runs_total{outcome="failed"}': "0x400",
}
_ILL: dict[str, dict[str, str]] = {
    **{
        f"JobsOldest{name.capitalize()}": {
            f'myriad_jobs_oldest_seconds{{job_class="{name}",state="queued"}}': f"{seconds + 1}x400"
        }
        for name, seconds in STUCK_SECONDS.items()
    },
    "JobsQueueLong": {'myriad_jobs_live{job_class="default",state="queued"}': "60x400"},
    "JobsQueueVeryLong": {'myriad_jobs_live{job_class="high",state="packed"}': "101x400"},
    "JobsPressure": {'myriad_jobs_pressure{job_class="all"}': "2.5x400"},
    "JobsBacklogNearlyFull": {'myriad_jobs_backlog{job_class="bulk"}': "800000x400"},
    "JobsDeadLetters": {
        'myriad_jobs_attempts_total{task="a.b.c",outcome="dead"}': "0+1x400",
    },
    "JobsDeadLettersGrowing": {'myriad_jobs_live{job_class="default",state="dead"}': "0+1x400"},
    "JobsAttemptsFail": {'myriad_jobs_attempts_total{task="a.b.c",outcome="retry"}': "0+60x400"},
    "JobsLeasesLost": {'myriad_jobs_reaped_total{why="worker"}': "0+1x400"},
    "JobsNoDispatcher": {"myriad_jobs_dispatcher_leading": "0x400"},
    "JobsNoWorker": {'myriad_jobs_workers{standing="serving"}': "0x400"},
    "SchedulesDoNotTick": {"myriad_schedule_last_tick_seconds": "0+60x10 600x390"},
    "KeeperSyncSlow": {
        'myriad_jobs_attempt_seconds_bucket{task="keeper.account.sync",le="60"}': "0+8x400"
    },
    "KeeperSyncsOverBound": {"myriad_keeper_syncs_over_bound": "30x400"},
    "KeeperDrift": {"myriad_keeper_drift_cents": "1x400"},
    "KeeperInsightsWrong": {"myriad_keeper_insight_accuracy_ratio": "0.7x400"},
    "KeeperCostHigh": {"myriad_keeper_cost_share_ratio": "0.018x400"},
    "KeeperCostTooHigh": {"myriad_keeper_cost_share_ratio": "0.03x400"},
    "UpswitchRegisterOld": {"myriad_upswitch_register_age_days": "60x400"},
    "MonthsRunOut": {'myriad_data_months_ahead{table="kamioi.purchase"}': "1x400"},
    "RowsWithoutMonth": {'myriad_data_default_partition_rows{table="kamioi.purchase"}': "2x400"},
    "StandbyBehind": {'myriad_data_standby_lag_seconds{standby="standby-1"}': "5x400"},
    "BackupOld": {"myriad_backup_newest_age_seconds": "100000x400"},
    "BackupFails": {'myriad_backup_runs_total{outcome="failed"}': "0+1x400"},
    "BackupLogWaits": {"myriad_backup_log_waiting_seconds": "301x400"},
    "HttpErrors": {'myriad_http_requests_total{method="GET",route="/",status="500"}': "0+60x400"},
    "ProcessGone": {'up{job="myriad-api",instance="api:8000"}': "0x400"},
}
_ALSO = {"JobsQueueVeryLong": {"JobsQueueLong"}, "KeeperCostTooHigh": {"KeeperCostHigh"}}
_GONE = {
    "JobsNoDispatcher": "myriad_jobs_dispatcher_leading",
    "JobsNoWorker": 'myriad_jobs_workers{standing="serving"}',
    "SchedulesDoNotTick": "myriad_schedule_last_tick_seconds",
}


def _promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool on this machine: install it (Debian: apt-get install prometheus)")
    return found


def _case(series: dict[str, str], firing: set[str]) -> dict[str, Any]:
    """Return a test that expects just these alerts at the 390th minute."""
    found = [
        {
            "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
            "eval_time": "390m",
            "exp_samples": [{"labels": "{}", "value": int(name in firing)}],
        }
        for name in alerts()
    ]
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": found,
    }


def test_every_alert_fires_when_it_should_and_rests_when_all_is_well(tmp_path: Path) -> None:
    promtool = _promtool()
    assert set(_ILL) == set(alerts())
    cases = [_case(_HEALTHY, set())]
    for name, series in _ILL.items():
        also = _ALSO.get(name, set())
        cases.append(_case({**_HEALTHY, **series}, {name} | also))
    for name, series_name in _GONE.items():
        left = {one: values for one, values in _HEALTHY.items() if one != series_name}
        cases.append(_case(left, {name}))
    (tmp_path / "rules.yml").write_text(RULES.read_text())
    test_file = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": cases}
    (tmp_path / "test.yml").write_text(json.dumps(test_file))
    done = subprocess.run(
        [promtool, "test", "rules", str(tmp_path / "test.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_the_configuration(tmp_path: Path) -> None:
    promtool = _promtool()
    for path in (DEPLOY / "prometheus").iterdir():
        text = path.read_text().replace("/etc/prometheus/myriad-metrics-token", "/dev/null")
        (tmp_path / path.name).write_text(text)
    line = [promtool, "check", "config", str(tmp_path / "prometheus.yml")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
