"""docs/operations.md names every metric there is, and its alerts and docs/grafana.json no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.metrics_core import HistogramMetricFamily

from timers.reports import DESCRIPTIONS, SITE_DESCRIPTIONS
from tomato.metrics import Description

DOCS = Path(__file__).parents[2] / "docs"
OPERATIONS = (DOCS / "operations.md").read_text()
DASHBOARD = json.loads((DOCS / "grafana.json").read_text())
ALL = [*SITE_DESCRIPTIONS, *DESCRIPTIONS]
ROWS = re.findall(r"^\| (`tomato_[^|]*) \|([^|]*)\| .* \|$", OPERATIONS, re.MULTILINE)
METRIC = re.compile(r"\btomato_[a-z_]+")


def named(text: str) -> set[str]:
    return set(METRIC.findall(text))


def series(description: Description) -> set[str]:
    """The names under which Prometheus stores it."""
    if description.family is HistogramMetricFamily:
        return {f"{description.name}_{part}" for part in ("bucket", "sum", "count")}
    return {description.name}


def expressions(panel: Any = DASHBOARD) -> Iterator[str]:
    """Everything in the dashboard that Prometheus is asked."""
    if isinstance(panel, dict):
        if "expr" in panel:
            yield panel["expr"]
        for part in panel.values():
            yield from expressions(part)
    elif isinstance(panel, list):
        for part in panel:
            yield from expressions(part)


def test_every_metric_is_in_the_table_with_its_labels() -> None:
    told = {name: set(re.findall("`([a-z_]+)`", labels)) for names, labels in ROWS for name in named(names)}
    assert told == {description.name: set(description.labels) for description in ALL}


def test_alerts_ask_for_what_there_is() -> None:
    _, _, alerts = OPERATIONS.partition("Wake somebody")
    assert named(alerts)
    assert named(alerts) <= set().union(*map(series, ALL))


def test_the_dashboard_asks_for_what_there_is_and_for_all_of_it() -> None:
    asked = named(" ".join(expressions()))
    assert asked <= set().union(*map(series, ALL))
    assert [description.name for description in ALL if not series(description) & asked] == []


def test_the_dashboard_groups_by_labels_that_there_are() -> None:
    labels = {"process", "role", "le", *(label for description in ALL for label in description.labels)}
    shown = " ".join([*expressions(), json.dumps(DASHBOARD)])
    assert set(re.findall(r"\{\{(\w+)\}\}", shown)) <= labels
    grouped = re.findall(r"by \(([\w, ]+)\)", shown)
    assert {label for group in grouped for label in group.split(", ")} <= labels


def test_panels_stand_beside_each_other_and_not_upon() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
