"""Breaches of what is expected of jobs in words."""

from __future__ import annotations

from cli.audit.section import Line
from projections.audit.breaches import ToldBreach
from scheduler.wording.expectation_entries import breach_clause, end_clause
from scheduler.wording.instants import show_time


def breach_line(row: ToldBreach, zone: str) -> Line:
    """What did not hold, from when on, and what ended that."""
    over = row.until is not None
    text = breach_clause(row.expectation, row.limit_ms, row.run, over=over)
    if row.scheduled_for is not None:
        text += f" of {show_time(row.scheduled_for, zone)}"
    proof = sorted({seq for seq in (row.seq, row.because_of, row.ended_seq) if seq is not None})
    if row.until is None or row.by is None:
        return Line(
            row.since, row.job, f"{text}; it goes on, as far as the ledger tells", tuple(proof), "warn"
        )
    return Line(
        row.since, row.job, f"{text}; {end_clause(row.by, row.run, row.since, row.until)}", tuple(proof)
    )
