"""Spans and log records as the protobuf messages that an OpenTelemetry collector takes over HTTP.

The messages come with the extra `opentelemetry`; only the follower imports this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Status as StatusMessage

from scheduler.telemetry.entry_logs import EntryLog
from scheduler.telemetry.otlp_values import SCOPE, attributes, nanoseconds, resource, text
from scheduler.telemetry.run_spans import Span
from scheduler.telemetry.trace_ids import span_id, trace_id

_SAMPLED: Final = 1
_STATUSES: Final = {
    "unset": StatusMessage.STATUS_CODE_UNSET,
    "ok": StatusMessage.STATUS_CODE_OK,
    "error": StatusMessage.STATUS_CODE_ERROR,
}
_SEVERITIES: Final = {
    "debug": SeverityNumber.SEVERITY_NUMBER_DEBUG,
    "info": SeverityNumber.SEVERITY_NUMBER_INFO,
    "warning": SeverityNumber.SEVERITY_NUMBER_WARN,
    "error": SeverityNumber.SEVERITY_NUMBER_ERROR,
    "critical": SeverityNumber.SEVERITY_NUMBER_FATAL,
}


def traces(spans: Iterable[Span], ledger_id: str, host: str) -> bytes:
    """The body of a request to `/v1/traces`."""
    scope = ScopeSpans(scope=SCOPE, spans=[_span(each, ledger_id) for each in spans])
    whole = ResourceSpans(resource=resource(ledger_id, host), scope_spans=[scope])
    return bytes(ExportTraceServiceRequest(resource_spans=[whole]).SerializeToString())


def logs(records: Iterable[EntryLog], ledger_id: str, host: str) -> bytes:
    """The body of a request to `/v1/logs`."""
    scope = ScopeLogs(scope=SCOPE, log_records=[_record(each) for each in records])
    whole = ResourceLogs(resource=resource(ledger_id, host), scope_logs=[scope])
    return bytes(ExportLogsServiceRequest(resource_logs=[whole]).SerializeToString())


def _span(span: Span, ledger_id: str) -> SpanMessage:
    return SpanMessage(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_id,
        flags=_SAMPLED,
        name=span.name,
        kind=SpanMessage.SPAN_KIND_INTERNAL,
        start_time_unix_nano=nanoseconds(span.start),
        end_time_unix_nano=nanoseconds(span.end),
        attributes=attributes(span.attributes),
        status=StatusMessage(code=_STATUSES[span.status], message=span.description),
        links=[
            SpanMessage.Link(trace_id=trace_id(ledger_id, run), span_id=span_id(ledger_id, run))
            for run in span.links
        ],
    )


def _record(record: EntryLog) -> LogRecord:
    at = nanoseconds(record.time)
    return LogRecord(
        time_unix_nano=at,
        observed_time_unix_nano=at,
        severity_number=_SEVERITIES[record.level],
        severity_text=record.level.upper(),
        body=AnyValue(string_value=text(record.text)),
        attributes=attributes(record.attributes),
        trace_id=record.trace_id,
        span_id=record.span_id,
        flags=_SAMPLED if record.trace_id else 0,
    )
