"""Figures as the protobuf messages that an OpenTelemetry collector takes over HTTP at `/v1/metrics`.

Names and labels are those that Prometheus has of the same figures: a collector that hands them on to one makes the
same names of them again. The messages come with the extra `opentelemetry`; only the follower imports this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)

from scheduler.metrics.figure import Figure, Sample, Spread
from scheduler.telemetry.otlp_values import SCOPE, attributes, nanoseconds, resource

POINTS_MAX: Final = 5_000
"""In one request: some 500 kB, which every receiver takes."""
_CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


class Period(NamedTuple):
    """From when on is counted, and up to when.

    Attributes:
        began_ns: when entry 0 was recorded: always the same, so that what is sent once more says the same; 0 if that
            is not known.
        now_ns: when it was looked at.
    """

    began_ns: int
    now_ns: int

    @classmethod
    def of(cls, began: datetime | None, now: datetime) -> Period:
        """The period in nanoseconds since 1970."""
        return cls(0 if began is None else nanoseconds(began), nanoseconds(now))


def requests(figures: Iterable[Figure], period: Period, ledger_id: str, host: str) -> Iterator[bytes]:
    """The bodies of requests to `/v1/metrics` that tell all figures, one after another."""
    metrics: list[Metric] = []
    points = 0
    for figure in figures:
        for at in range(0, len(figure.samples), POINTS_MAX):
            samples = figure.samples[at : at + POINTS_MAX]
            if points + len(samples) > POINTS_MAX:
                yield _request(metrics, ledger_id, host)
                metrics, points = [], 0
            metrics.append(_metric(figure, samples, period))
            points += len(samples)
    if metrics:
        yield _request(metrics, ledger_id, host)


def _request(metrics: list[Metric], ledger_id: str, host: str) -> bytes:
    scope = ScopeMetrics(scope=SCOPE, metrics=metrics)
    whole = ResourceMetrics(resource=resource(ledger_id, host), scope_metrics=[scope])
    return bytes(ExportMetricsServiceRequest(resource_metrics=[whole]).SerializeToString())


def _metric(figure: Figure, samples: Iterable[Sample], period: Period) -> Metric:
    unit = "s" if figure.is_in_seconds else ""
    name = f"{figure.name}_info" if figure.kind == "info" else figure.name
    metric = Metric(name=name, description=figure.meaning, unit=unit)
    if figure.kind == "histogram":
        spreads = [_spread(figure, each, period) for each in samples]
        metric.histogram.CopyFrom(Histogram(data_points=spreads, aggregation_temporality=_CUMULATIVE))
    elif figure.kind == "counter":
        counts = [_number(figure, each, period.now_ns, period.began_ns) for each in samples]
        metric.sum.CopyFrom(Sum(data_points=counts, aggregation_temporality=_CUMULATIVE, is_monotonic=True))
    else:
        metric.gauge.CopyFrom(Gauge(data_points=[_number(figure, each, period.now_ns) for each in samples]))
    return metric


def _number(figure: Figure, sample: Sample, now_ns: int, began_ns: int = 0) -> NumberDataPoint:
    assert isinstance(sample.value, int | float), "only a histogram has spreads"
    value = {"as_double": sample.value} if figure.is_in_seconds else {"as_int": int(sample.value)}
    labels = attributes(dict(zip(figure.labels, sample.labels, strict=True)))
    return NumberDataPoint(attributes=labels, start_time_unix_nano=began_ns, time_unix_nano=now_ns, **value)


def _spread(figure: Figure, sample: Sample, period: Period) -> HistogramDataPoint:
    spread = sample.value
    assert isinstance(spread, Spread), "a histogram has nothing else"
    return HistogramDataPoint(
        attributes=attributes(dict(zip(figure.labels, sample.labels, strict=True))),
        start_time_unix_nano=period.began_ns,
        time_unix_nano=period.now_ns,
        count=sum(spread.counts),
        sum=spread.sum_s,
        bucket_counts=spread.counts,
        explicit_bounds=spread.bounds_s,
    )
