from __future__ import annotations

from projections import open_sql, runs_query
from projections.reports.run_search import settling_entries
from tests.support.ledger import Writer


def test_filters_reach_back_and_the_newest_run_is_first(writer: Writer) -> None:
    """Each filter selects what it says, filters combine, and rows come newest first, at most so many."""
    for number in range(6):
        job = f"job-{number % 2}"
        run = writer.tick(job)
        writer.start(job, run)
        writer.finish(job, run, "failed" if number == 2 else "succeeded")
    asked = writer.request("job-1", "for a try")
    with open_sql(writer.home) as sql:
        everything = runs_query(sql)
        assert [row["run"] for row in everything] == sorted((row["run"] for row in everything), reverse=True)
        assert len(everything) == 7
        assert {row["job"] for row in runs_query(sql, job="job-1")} == {"job-1"}
        assert [row["outcome"] for row in runs_query(sql, status="failed")] == ["failed"]
        assert [row["run"] for row in runs_query(sql, status="owed")] == [asked]
        assert [row["reason"] for row in runs_query(sql, trigger="manual")] == ["for a try"]
        assert runs_query(sql, limit=2) == everything[:2]
        middle = everything[3]["owed_at"]
        assert runs_query(sql, since=middle) == everything[:4]
        assert runs_query(sql, until=middle) == everything[4:]
        assert runs_query(sql, job="job-1", status="failed") == []
        assert runs_query(sql, job="'; DROP VIEW runs --") == []


def test_the_entries_that_settled_runs_are_found_by_the_time_at_which_they_did(writer: Writer) -> None:
    """The newest first, before an entry, by the same filters; times are those of the entries themselves."""
    settled, times = [], []
    for number in range(4):
        run = writer.tick(f"job-{number % 2}")
        writer.start(f"job-{number % 2}", run)
        writer.finish(f"job-{number % 2}", run, "failed" if number == 2 else "succeeded")
        settled.append(writer.journal.head().seq)
        times.append(writer.now)
    end = settled[-1] + 1
    with open_sql(writer.home) as sql:
        assert settling_entries(sql, before_seq=end, limit=9) == settled[::-1]
        assert settling_entries(sql, before_seq=settled[-1], limit=2) == settled[2:0:-1]
        assert settling_entries(sql, before_seq=end, limit=9, job="job-0") == [settled[2], settled[0]]
        assert settling_entries(sql, before_seq=end, limit=9, status="failed") == [settled[2]]
        assert (
            settling_entries(sql, before_seq=end, limit=9, since=times[1], until=times[3]) == settled[2:0:-1]
        )
        assert settling_entries(sql, before_seq=end, limit=9, trigger="manual") == []
