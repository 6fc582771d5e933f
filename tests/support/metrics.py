"""What `/metrics` says, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

Series = tuple[str, tuple[tuple[str, str], ...]]


class Scrape:
    """One answer. `series` are the numbers by name and labels, `types` the kinds of the metrics."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.types = {family.name: family.type for family in families}
        self.series: dict[Series, float] = {}
        for sample in (sample for family in families for sample in family.samples):
            series = sample.name, tuple(sorted(sample.labels.items()))
            assert series not in self.series, f"told twice: {series}"
            self.series[series] = sample.value

    def total(self, name: str, **labels: str) -> float | None:
        """The sum over all series of the name with these labels; None where there is none."""
        found = [
            value
            for (known, has), value in self.series.items()
            if known == name and labels.items() <= dict(has).items()
        ]
        return sum(found) if found else None

    def values(self, label: str) -> set[str]:
        """Everything that a label says."""
        return {dict(has)[label] for _, has in self.series if label in dict(has)}

    def went_back(self, before: Scrape) -> list[Series]:
        """The series that only rise and are lower than they were, or gone; Prometheus would take them for begun anew."""
        rising = tuple(f"{name}_{part}" for name in self.types for part in ("total", "bucket", "count"))
        return [
            series
            for series, value in before.series.items()
            if series[0] in rising and self.series.get(series, 0) < value
        ]
