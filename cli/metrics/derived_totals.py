"""What happened in a home up to an entry, counted by the projections: so a long history is counted in a moment."""

from __future__ import annotations

from eventstore.store import Head
from scheduler.home import Home
from scheduler.metrics.totals import DURATION_BOUNDS_MS, LATENESS_BOUNDS_MS, Totals


def derived_totals(home: Home, head: Head) -> Totals:
    """The counts up to an entry, as the projections have them.

    Raises:
        LedgerError: the ledger cannot be trusted or read.
        QueryError: the projections cannot be asked.
    """
    from projections import open_sql
    from projections.reports.totals_by_job import durations, ended_runs, lateness, missed_instants

    totals = Totals.none()
    totals.seq, totals.hash = head.seq, head.hash
    with open_sql(home, as_of=head.seq) as sql:
        for ended in ended_runs(sql):
            job = totals.of(ended.job)
            job.runs[ended.outcome] = ended.runs
            if ended.outcome == "succeeded":
                job.last_success = ended.newest
        for missed in missed_instants(sql):
            totals.of(missed.job).missed[missed.reason] = missed.instants
        for each in durations(sql, DURATION_BOUNDS_MS):
            spread = totals.of(each.job).durations
            spread.counts[each.place] += each.runs
            spread.sum_ms += each.sum_ms
        for each in lateness(sql, LATENESS_BOUNDS_MS):
            totals.lateness.counts[each.place] += each.runs
            totals.lateness.sum_ms += each.sum_ms
    return totals
