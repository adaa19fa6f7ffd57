"""Rules for Prometheus: their own tests, which promtool runs, and the metrics that they name."""

import copy
import re
import shutil
from pathlib import Path

import pytest
import yaml

from register.__main__ import COMMANDS
from service.recording.monitoring.weekly_gauges import TEXTS
from service.recording.register_service import Counts
from serving.observability.metrics import Metrics
from tests.support.commands import run
from tests.support.servers.server import ROOT

ALERTS = ROOT / "docs/alerts"
RULES = yaml.safe_load((ALERTS / "rules.yml").read_text())
FILES = ("model_tests.yml", "register_tests.yml")
TESTS = {name: yaml.safe_load((ALERTS / name).read_text()) for name in FILES}
BY_NAME = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
METRIC = re.compile(r"\b(?:monitoring|register|challenger)_[a-z_]+\b")
CHALLENGER = {"challenger_failures_total", "challenger_lag_seconds"}
NEVER, ALWAYS = "vector(0) > 1", "vector(1)"

with_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not installed; Debian has it in its package prometheus",
)


@with_promtool
@pytest.mark.parametrize("check", [["check", "rules", "rules.yml"], ["test", "rules", *FILES]])
def test_promtool_finds_no_fault(check: list[str]):
    done = run("promtool", *check, cwd=ALERTS)
    assert done.returncode == 0, done.stdout + done.stderr


@with_promtool
@pytest.mark.parametrize("alert", BY_NAME)
def test_each_alert_is_tested_firing_and_silent(alert: str, tmp_path: Path):
    """Another expression of its rule makes promtool's tests fail, whether it always or never fires.

    Only the tests that ask for this alert are run.
    """
    for file, content in TESTS.items():
        tests = [
            test | {"alert_rule_test": of_alert}
            for test in content["tests"]
            if (of_alert := [one for one in test["alert_rule_test"] if one["alertname"] == alert])
        ]
        (tmp_path / file).write_text(yaml.safe_dump(content | {"tests": tests}))
    codes = []
    for expression in (BY_NAME[alert]["expr"], NEVER, ALWAYS):
        rules = copy.deepcopy(RULES)
        for group in rules["groups"]:
            for rule in group["rules"]:
                if rule["alert"] == alert:
                    rule["expr"] = expression
        (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
        codes.append(run("promtool", "test", "rules", *FILES, cwd=tmp_path).returncode)
    assert codes == [0, 1, 1]


def test_the_metrics_of_the_rules_exist():
    metrics = Metrics()
    Counts(metrics)
    families = re.findall(r"^# TYPE (\w+) (\w+)$", metrics.text().decode(), re.MULTILINE)
    known = {name for name, _ in families} | {
        f"{name}_bucket" for name, kind in families if kind == "histogram"
    }
    named = {name for rule in BY_NAME.values() for name in METRIC.findall(rule["expr"])}
    assert len(named) >= 10
    assert named - known - TEXTS.keys() == CHALLENGER


def test_each_rule_says_what_happened_and_what_to_do():
    for name, rule in BY_NAME.items():
        assert rule["labels"].keys() == {"severity"}, name
        assert rule["labels"]["severity"] in {"warning", "critical"}
        for text in (rule["annotations"]["summary"], rule["annotations"]["description"]):
            assert re.search(r"\.$", text), name
            for command in re.findall(r"python -m register (\w+)", text):
                assert command in COMMANDS


def test_the_page_names_each_rule():
    page = (ROOT / "docs/operation.md").read_text().partition("## Alerts")[2]
    assert re.findall(r"^\| `([A-Za-z]+)` \|", page, re.MULTILINE) == list(BY_NAME)
