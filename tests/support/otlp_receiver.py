"""A receiver of OTLP over a real socket, which reads what it gets by the messages of OpenTelemetry."""

from __future__ import annotations

import time
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.command import DEADLINE_S
from tests.support.receiver import Receiver, Request


def spans_of(requests: list[Request]) -> list[Any]:
    """The spans in what came to `/v1/traces`, in their order."""
    found = []
    for request in requests:
        if request.path == "/v1/traces":
            assert request.headers["content-type"] == "application/x-protobuf"
            for resource in ExportTraceServiceRequest.FromString(request.body).resource_spans:
                found += [span for scope in resource.scope_spans for span in scope.spans]
    return found


def records_of(requests: list[Request]) -> list[Any]:
    """The log records in what came to `/v1/logs`, in their order."""
    found = []
    for request in requests:
        if request.path == "/v1/logs":
            for resource in ExportLogsServiceRequest.FromString(request.body).resource_logs:
                found += [record for scope in resource.scope_logs for record in scope.log_records]
    return found


def metrics_of(requests: list[Request]) -> list[Any]:
    """The metrics in what came to `/v1/metrics`, in their order."""
    found = []
    for request in requests:
        if request.path == "/v1/metrics":
            assert request.headers["content-type"] == "application/x-protobuf"
            for resource in ExportMetricsServiceRequest.FromString(request.body).resource_metrics:
                found += [metric for scope in resource.scope_metrics for metric in scope.metrics]
    return found


def points_of(metric: Any) -> list[Any]:
    """The points of a metric, whatever its kind."""
    return list(getattr(metric, metric.WhichOneof("data")).data_points)


def facts(message: Any) -> dict[str, Any]:
    """The attributes of a span or a record."""
    return {
        each.key: each.value.string_value if each.value.HasField("string_value") else each.value.int_value
        for each in message.attributes
    }


def wait_for_spans(receiver: Receiver, count: int) -> list[Any]:
    """All spans that came, as soon as there are so many."""
    give_up_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < give_up_s:
        if len(found := spans_of(list(receiver.received))) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"only {spans_of(receiver.received)} of {count} spans came")
