"""Sends spans, log records and figures to the receiver of the config in force: OTLP over HTTP, protobuf."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from scheduler.configuration.reading.followed_config import FollowedConfig
from scheduler.home import Home
from scheduler.metrics.figure import Figure
from scheduler.notifications.channels import http_exchange
from scheduler.notifications.channels.source import Source
from scheduler.notifications.transport import NotDelivered
from scheduler.processes.recognition import identity
from scheduler.telemetry import otlp, otlp_metrics
from scheduler.telemetry.entry_logs import EntryLog
from scheduler.telemetry.run_spans import Span
from scheduler.telemetry.settings import TelemetrySettings

PATIENCE_S: Final = 5.0
REFUSED_FOR_GOOD: Final = (400, 413, 422)
"""Answers after which the same would be refused again: it is left out, and what comes behind it is sent."""
TAKES_NONE: Final = (404, 405, 415, 501)
"""The same for log records and figures: many receivers take traces alone."""
_HEADERS: Final = {"Content-Type": "application/x-protobuf"}


class OtlpSender:
    """Sends to where the config in force says.

    Args:
        home: the home.
    """

    def __init__(self, home: Home) -> None:
        self._source, self._config = Source(home, os.environ), FollowedConfig(home)
        self._settings: TelemetrySettings | None = None
        self._host = identity.host_name()
        self._arrived: list[Span] | None = None

    def follow_config(self) -> bool:
        """Take up an edited config; False if it is known, and names no receiver."""
        config = self._config.refresh()
        if config is not None:
            self._settings = config.telemetry
        if not self._config.is_known:
            return True
        return self._settings is not None and self._settings.otlp is not None

    @property
    def metrics_interval_s(self) -> float | None:
        """How often figures are sent; None: they are not."""
        interval_ms = None if self._settings is None else self._settings.metrics_interval_ms
        return None if interval_ms is None else interval_ms / 1_000

    def send(self, spans: list[Span], records: list[EntryLog], ledger_id: str) -> None:
        """Send both, spans first; see `Sender`."""
        base, headers = self._receiver()
        if spans and self._arrived is not spans:
            body = otlp.traces(spans, ledger_id, self._host)
            _post(f"{base}/v1/traces", body, headers, REFUSED_FOR_GOOD)
        # When the records do not arrive, the same list is given once more.
        self._arrived = spans
        if records:
            body = otlp.logs(records, ledger_id, self._host)
            _post(f"{base}/v1/logs", body, headers, (*REFUSED_FOR_GOOD, *TAKES_NONE))
        self._arrived = None

    def send_metrics(
        self, figures: Iterable[Figure], began: datetime | None, now: datetime, ledger_id: str
    ) -> None:
        """Send figures; see `MetricsSender`."""
        base, headers = self._receiver()
        period = otlp_metrics.Period.of(began, now)
        for body in otlp_metrics.requests(figures, period, ledger_id, self._host):
            _post(f"{base}/v1/metrics", body, headers, (*REFUSED_FOR_GOOD, *TAKES_NONE))

    def _receiver(self) -> tuple[str, dict[str, str]]:
        """The base address, and what is sent beside.

        Raises:
            NotDelivered: there is none, or it cannot be read.
        """
        if self._settings is None or self._settings.otlp is None:
            raise NotDelivered("the config names no receiver")
        base = self._source.url(self._settings.otlp).rstrip("/")
        return base, {**_HEADERS, **self._source.headers(self._settings.headers)}


def _post(url: str, body: bytes, headers: dict[str, str], permanent: tuple[int, ...]) -> None:
    """Send it; what is refused for good counts as sent."""
    try:
        http_exchange.post(url, body, headers, PATIENCE_S, permanent)
    except NotDelivered as problem:
        if not problem.permanent:
            raise
