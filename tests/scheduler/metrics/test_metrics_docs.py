"""What the documentation and the examples say of metrics is what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.scheduler.metrics.metrics_docs import PAGE, every_figure, written

EXAMPLES = PAGE.parent / "examples" / "prometheus"
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "info": ("_info",),
    "histogram": ("_bucket", "_count", "_sum"),
}


def names() -> set[str]:
    """The names that Prometheus stores."""
    return {f"{figure.name}{suffix}" for figure in every_figure() for suffix in SUFFIXES[figure.kind]}


def test_the_page_lists_every_figure() -> None:
    """The table is as the code has it; `python -m tests.scheduler.metrics.metrics_docs` writes it."""
    assert PAGE.read_text(encoding="utf-8") == written()


def test_alerts_and_dashboard_ask_for_what_there_is() -> None:
    """No expression names a metric that is not told, and the examples are what their programs read."""
    rules = yaml.safe_load((EXAMPLES / "cronledger.rules.yml").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    dashboard = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expressions += [each["query"] for each in dashboard["templating"]["list"] if each["type"] == "query"]
    asked = {name for each in expressions for name in re.findall(r"cronledger_\w+", each)}
    assert asked
    assert asked <= names(), asked - names()
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_each_alert_says_what_to_do() -> None:
    """Every rule has a severity, a sentence, and the command that tells more."""
    rules = yaml.safe_load((EXAMPLES / "cronledger.rules.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), rule
        assert rule["annotations"]["summary"].endswith("."), rule
        assert rule["annotations"]["action"], rule


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here: it tries the rules")
def test_the_rules_do_what_their_cases_say() -> None:
    """Prometheus's own tool finds nothing wrong with the rules, and each case comes out as it says."""
    for arguments in (
        ["check", "rules", "cronledger.rules.yml"],
        ["test", "rules", "cronledger.rules.test.yml"],
    ):
        done = subprocess.run(
            ["promtool", *arguments], cwd=EXAMPLES, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_are_linked() -> None:
    """Each file of the examples is named on the page."""
    page = PAGE.read_text(encoding="utf-8")
    for path in sorted(Path(EXAMPLES).iterdir()):
        assert f"examples/prometheus/{path.name}" in page, path.name
