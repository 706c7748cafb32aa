from __future__ import annotations

from projections import open_sql, runs_query
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
