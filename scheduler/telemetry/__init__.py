"""OpenTelemetry: what becomes of runs as traces, and entries as log records, sent to a collector.

`trace_ids` derives ids, `run_spans` and `entry_logs` make spans and log records of entries, `otlp` writes them down.
All of that is pure. `follower` reads the ledger and sends, in a process of its own: nothing that is recorded waits
for it.
"""
