"""`docs/sql.md` against the real views. `python -m tests.projections.schema.test_docs` writes what changed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from cli.sql.formats import table_texts
from projections import VIEWS, Sql, open_sql
from projections.schema.columns import markdown_table
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.command import call
from tests.support.ledger import Writer

PAGE = Path(__file__).parents[3] / "docs" / "sql.md"
_COLUMNS = re.compile(r"<!-- columns: (\w+) -->\n.*?<!-- end -->", re.DOTALL)
_QUERY = re.compile(r"```sql\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def example(root: Path) -> Writer:
    """The small ledger of three jobs that the page asks."""
    writer = Writer(root, segment_entries=16)
    writer.serve(pid=801)
    for name, schedule in (("backup", "0 2 * * *"), ("report", "30 6 * * 1-5"), ("sync", "*/15 * * * *")):
        writer.define(name, JobDefinition(name=name, command=name, schedule=schedule))
    failed = []
    for day in range(3):
        for number, job in enumerate(("backup", "sync", "report")):
            fails = (day, number) in {(1, 0), (2, 1)}
            run = writer.tick(job, lateness_ms=4_200 if (day, number) == (1, 0) else 3 + number)
            writer.start(job, run)
            writer.finish(
                job, run, "failed" if fails else "succeeded", duration_ms=800 + 900 * day + 40 * run
            )
            failed += [(writer.now, job, run)] if fails else []
            writer.now += timedelta(hours=1)
        if day == 0:
            outage(writer)
        writer.now += timedelta(hours=20)
    log(writer, failed)
    writer.append(v.event(v.JobDisabled(reason="tape library is down"), "user:ada@ops1", job="backup"))
    writer.now += timedelta(minutes=90)
    writer.append(v.event(v.JobEnabled(reason="tapes are back"), "user:grace@ops1", job="backup"))
    overlapped = writer.tick("sync")
    writer.append(
        v.event(v.RunSkipped(reason="overlap", trigger="schedule"), v.SCHEDULER, job="sync", run=overlapped)
    )
    changed = JobDefinition(name="sync", command="sync --gently", schedule="*/30 * * * *", timeout_ms=60_000)
    writer.define("sync", changed)
    asked = writer.request("backup", "after the repair")
    writer.start("backup", asked, "manual")
    writer.tick("report", lateness_ms=1_500)
    return writer


def outage(writer: Writer) -> None:
    """The scheduler is killed, and started again an hour later; later it is stopped for an update."""
    writer.now += timedelta(hours=1)
    writer.serve(pid=802)
    writer.misfire("sync", count=4, will_run=1)
    caught_up = writer.tick("sync", lateness_ms=600_000, trigger="catch_up")
    writer.start("sync", caught_up, "catch_up")
    writer.finish("sync", caught_up, trigger="catch_up")
    writer.append(v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER))
    writer.now += timedelta(minutes=6)
    writer.serve(pid=803)


def log(writer: Writer, failed: list[tuple[datetime, str, int]]) -> None:
    """What the failed runs have printed."""
    folder = writer.home.logs / "entries"
    folder.mkdir(parents=True)
    for time, job, run in failed:
        lines: list[dict[str, object]] = [
            {"level": "info", "stream": "stdout", "message": f"{job} begins"},
            {
                "level": "error",
                "stream": "stderr",
                "message": f"{job}: no space left",
                "fields": {"device": "st0"},
            },
        ]
        about: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "job": job,
            "run": run,
            "attempt": 1,
        }
        with (folder / f"{time:%Y-%m-%d}.jsonl").open("ab") as file:
            for line in lines:
                file.write(msgspec.json.encode(about | line) + b"\n")


def shown(sql: Sql, query: str) -> str:
    """The answer as `cronledger sql` prints it into a pipe."""
    answer = sql.execute(query)
    return "\n".join(table_texts(answer.columns, answer.rows))


def page_as_it_should_be(page: str) -> str:
    """The page with its tables and answers made from the code."""
    page = _COLUMNS.sub(
        lambda found: f"<!-- columns: {found[1]} -->\n{markdown_table(found[1])}\n<!-- end -->", page
    )
    with TemporaryDirectory() as folder:
        writer = example(Path(folder))
        with open_sql(writer.home) as sql:
            page = _QUERY.sub(
                lambda found: f"```sql\n{found[1]}```\n\n```text\n{shown(sql, found[1])}\n```\n", page
            )
        writer.close()
    return page


def test_the_page_shows_the_real_columns_and_the_real_answers() -> None:
    """Every table of columns is that of the views, and every answer is what its query yields."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_as_it_should_be(page)


def test_every_view_and_its_questions_are_on_the_page() -> None:
    """No view is left out, each is described, and there are as many worked questions as the page says."""
    page = PAGE.read_text(encoding="utf-8")
    assert [found[1] for found in _COLUMNS.finditer(page)] == list(VIEWS)
    assert [name for name in VIEWS if f"- [`{name}`](#{name})" not in page] == []
    assert len(_QUERY.findall(page)) == 11
    assert "## Eleven questions" in page
    assert all(len(found.splitlines()) >= 3 for found in re.findall(r"```text\n(.*?)```", page, re.DOTALL))


def test_an_answer_on_the_page_is_what_the_command_prints(tmp_path: Path) -> None:
    """`cronledger sql` in a pipe prints a time, a number, a list and a NULL as the page has them, byte for byte."""
    example(tmp_path).close()
    page = PAGE.read_text(encoding="utf-8")
    answers = re.findall(r"```sql\n(.*?)```\n\n```text\n(.*?)```", page, re.DOTALL)
    for sign in ("Z  ", '["failed"]', "  -  "):
        query, expected = next((query, text) for query, text in answers if sign in text)
        assert call("sql", query, home=tmp_path).out == expected


if __name__ == "__main__":
    PAGE.write_text(page_as_it_should_be(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
