"""Do dashboards and alerts ask for metrics that there are?"""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import yaml

from schemas.outcome import Outcome
from streams.core.decisions import RELAUNCH, Reason
from streams.metrics import Metrics
from tests.contracts.checkout import ROOT

DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/relance.json").read_text())
RULES = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]

#: What Prometheus can be asked for: each series, with its labels.
SERIES = {
    row.name + suffix: {*row.labels, *more}
    for row in Metrics().catalogue
    for suffix, more in ([("_bucket", ["le"]), ("_sum", []), ("_count", [])] if row.kind == "histogram" else [("", [])])
}
#: What Prometheus adds to every series.
ADDED = {"job", "instance"}
METRIC = re.compile(r"\b(relance_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=|!=|=~|!~)\s*"([^"]*)"')

#: Words that a label may have, where they are few.
WORDS = {
    "outcome": set(get_args(Outcome.model_fields["outcome"].annotation)),
    "decision": {RELAUNCH, *Reason},
}


def asked() -> Iterator[tuple[str, str]]:
    """Yield every expression, with what its legend or text quotes."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]
    for alert in ALERTS:
        yield alert["expr"], " ".join(alert["annotations"].values())


@pytest.mark.parametrize(("expression", "quotes"), list(asked()))
def test_every_series_and_label_that_is_asked_for_exists(expression: str, quotes: str) -> None:
    labels = set(ADDED)
    for name, matchers in METRIC.findall(expression):
        assert name in SERIES
        labels |= SERIES[name]
        for label, word in MATCHER.findall(matchers):
            assert label in SERIES[name]
            assert word in WORDS[label]
    grouped = {word.strip() for by in re.findall(r"by \(([^)]*)\)", expression) for word in by.split(",")}
    assert grouped <= labels
    quoted = {*re.findall(r"\{\{(\w+)\}\}", quotes), *re.findall(r"\$labels\.(\w+)", quotes)}
    assert quoted <= (grouped or labels)


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {name for expression, _ in asked() for name, _ in METRIC.findall(expression)}
    for row in Metrics().catalogue:
        assert shown & {row.name, f"{row.name}_bucket", f"{row.name}_sum"}, row.name


def test_every_panel_says_what_it_shows_and_asks_the_provisioned_source() -> None:
    sources = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    for panel in DASHBOARD["panels"]:
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] in {source["uid"] for source in sources["datasources"]}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    assert all({"summary", "action"} <= alert["annotations"].keys() for alert in ALERTS)
    assert len({alert["alert"] for alert in ALERTS}) == len(ALERTS)
