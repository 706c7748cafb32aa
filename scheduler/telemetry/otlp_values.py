"""What all messages of OTLP hold: who tells, attributes, texts and times. It comes with the extra `opentelemetry`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from scheduler.telemetry.run_spans import Value
from scheduler.version import VERSION

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SCOPE: Final = InstrumentationScope(name="cronledger", version=VERSION)


def resource(ledger_id: str, host: str) -> Resource:
    """Who tells: this ledger, on this host."""
    return Resource(
        attributes=attributes(
            {
                "service.name": "cronledger",
                "service.version": VERSION,
                "service.instance.id": ledger_id,
                "host.name": host,
            }
        )
    )


def attributes(values: Mapping[str, Value]) -> list[KeyValue]:
    """Names and values."""
    return [KeyValue(key=name, value=_value(value)) for name, value in values.items()]


def text(written: str) -> str:
    """What protobuf takes: a lone half of a surrogate pair, as JSON may hold it, is replaced."""
    return written.encode("utf-8", "replace").decode("utf-8")


def nanoseconds(moment: datetime) -> int:
    """Since 1970; 0 for what was before."""
    return max(0, (moment - _EPOCH) // timedelta(microseconds=1)) * 1_000


def _value(value: Value) -> AnyValue:
    return AnyValue(string_value=text(value)) if isinstance(value, str) else AnyValue(int_value=value)
