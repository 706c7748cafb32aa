"""Figures as Prometheus reads them: text format 0.0.4, or OpenMetrics 1.0 for who asks for that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import Metric, exposition
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector, CollectorRegistry

from scheduler.metrics.figure import Figure, Sample, Spread


class _Given(Collector):
    """Figures that were gathered before."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for figure in self._figures:
            yield _family(figure)


def exposed(figures: Iterable[Figure], accept: str = "") -> tuple[bytes, str]:
    """The figures as text, and what kind of text that is.

    Args:
        figures: what is told.
        accept: the header `Accept` of who asks.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(figures))
    if "application/openmetrics-text" in accept:
        text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
        return text, openmetrics.CONTENT_TYPE_LATEST
    return exposition.generate_latest(registry), exposition.CONTENT_TYPE_PLAIN_0_0_4


def _family(figure: Figure) -> Metric:
    name, meaning, labels = figure.name, figure.meaning, list(figure.labels)
    if figure.kind == "histogram":
        histogram = HistogramMetricFamily(name, meaning, labels=labels)
        for sample in figure.samples:
            _add_spread(histogram, sample)
        return histogram
    if figure.kind == "info":
        info = InfoMetricFamily(name, meaning)
        for sample in figure.samples:
            info.add_metric([], dict(zip(labels, sample.labels, strict=True)))
        return info
    family = (CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily)(
        name, meaning, labels=labels
    )
    for sample in figure.samples:
        assert isinstance(sample.value, int | float), "only a histogram has spreads"
        family.add_metric(list(sample.labels), sample.value)
    return family


def _add_spread(histogram: HistogramMetricFamily, sample: Sample) -> None:
    spread = sample.value
    assert isinstance(spread, Spread), "a histogram has nothing else"
    up_to, buckets = 0, []
    for bound, count in zip([*map(str, spread.bounds_s), "+Inf"], spread.counts, strict=True):
        up_to += count
        buckets.append((bound, up_to))
    histogram.add_metric(list(sample.labels), buckets, sum_value=spread.sum_s)
