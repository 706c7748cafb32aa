"""OpenTelemetry: what becomes of runs as traces, entries as log records, and figures as metrics, sent to a collector.

`trace_ids` derives ids, `run_spans` and `entry_logs` make spans and log records of entries, `otlp` and `otlp_metrics`
write them down. All of that is pure. `follower` reads the ledger and sends, `metrics_reporter` tells the figures of
`scheduler.metrics` now and then, in a process of its own, which is `program`: nothing that is recorded waits for it.
"""
