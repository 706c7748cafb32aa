"""Jobs as a crontab, and the crontab as jobs again."""

from __future__ import annotations

import heapq
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.load import parse
from scheduler.importing.crontab.dialect import Dialect
from scheduler.importing.crontab.exported_jobs import ExportedJob, Exporter
from scheduler.importing.proof import COMPARED
from scheduler.rules.job_schedule import schedule_of
from tests.scheduler.schedule.cron.wall_clock import expressions
from tests.support.importing import HOMES, NOW, imported

FAR = datetime(2400, 1, 1, tzinfo=NOW.tzinfo)


def exported(
    config: str, *, dialect: Dialect = "cronie", zone: str = "UTC", owner: str = "ann", system: bool = False
) -> tuple[str, list[str]]:
    """The crontab of a config, and the names of the jobs that it lacks."""
    jobs = parse(config.encode(), Path("config.yaml")).jobs.values()
    exporter = Exporter(dialect, zone, "/srv/jobs", owner, HOMES.get, "system" if system else "user", NOW)
    lines = exporter.lines(ExportedJob(job.definition, job.env, []) for job in jobs)
    return "\n".join(lines) + "\n", exporter.left_out


def entry(job: str) -> str:
    """The one entry of a job, without settings and comments; empty if there is none."""
    text, _ = exported(f"jobs: {{x: {{{job}}}}}")
    found = [
        line for line in text.splitlines() if line and not line.startswith("#") and "=" not in line.split()[0]
    ]
    return found[0] if found else ""


@given(
    written=st.lists(expressions(lenient=False), min_size=1, max_size=3),
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe"]),
)
def test_what_is_exported_and_imported_has_the_same_instants(written: list[str], zone: str) -> None:
    """Whatever a crontab can say comes back with the instants that it had, in any zone."""
    listed = ", ".join(f'"{each}"' for each in written)
    config = f"jobs: {{x: {{command: x, timezone: {zone}, schedule: [{listed}]}}}}"
    try:
        schedule = schedule_of(parse(config.encode(), Path("config.yaml")).jobs["x"].definition)
    except ConfigInvalid:
        return  # a date that never comes
    text, left_out = exported(config)
    back = parse(imported(text, zone="UTC").text.encode(), Path("config.yaml")).jobs.values()
    found = heapq.merge(*(schedule_of(job.definition).between(NOW, FAR, COMPARED) for job in back))
    if left_out:
        assert len(written) > 1
        assert "times in common" in text
    else:
        assert list(islice(found, COMPARED)) == list(schedule.between(NOW, FAR, COMPARED))


@pytest.mark.parametrize(
    ("job", "line"),
    [
        ('command: /bin/a, schedule: "@Daily", working_directory: /home/ann', "@daily /bin/a"),
        ("command: /bin/a, every: 15m, working_directory: /home/ann", "*/15 * * * * /bin/a"),
        ("command: /bin/a, every: 6h, working_directory: /home/ann", "0 */6 * * * /bin/a"),
        ("command: /bin/a, every: 7d, working_directory: /home/ann", "0 0 * * 4 /bin/a"),
        ("command: /bin/a, every: 1h, working_directory: /home/ann", "0 * * * * /bin/a"),
        (
            'command: /bin/a, every: "7d from 2026-01-05T09:30", working_directory: /home/ann',
            "30 9 * * 1 /bin/a",
        ),
        ('command: /bin/a, schedule: "@reboot", working_directory: /home/ann', "@reboot /bin/a"),
        ('command: /bin/a, schedule: "1 2 * * *"', "1 2 * * * cd /srv/jobs && /bin/a"),
        ('command: "a; b", schedule: "1 2 * * *"', "1 2 * * * cd /srv/jobs || exit 1; a; b"),
        ('command: date +%F, schedule: "1 2 * * *", working_directory: /home/ann', r"1 2 * * * date +\%F"),
        ('command: [a, "b c"], schedule: "1 2 * * *", working_directory: /home/ann', "1 2 * * * a 'b c'"),
    ],
)
def test_what_a_job_becomes(job: str, line: str) -> None:
    """An entry that cron runs at the same times, in the same folder, with the same command."""
    assert entry(job) == line


@pytest.mark.parametrize(
    ("job", "why"),
    [
        ("command: a, every: 90s", "no whole minute"),
        ("command: a, every: 7h", "divides no hour, day or week"),
        ("command: a, every: 14d from 2026-01-05T09:00", "no crontab says every 14d"),
        ("command: a, every: 1d from 2027-01-05T09:00", "no crontab says every 1d"),
        ("command: a, at: 2030-01-01T00:00", "no years"),
        ("command: a, on_demand: true", "only when it is asked for"),
        ('command: a, schedule: "0 0 L * *"', "no crontab says 0 0 L * *"),
        ('command: a, schedule: "0 0 * * 5#3"', "no crontab says 0 0 * * 5#3"),
        ('command: a, schedule: ["0 2 * * *", "0 2 * * 1"]', "times in common"),
        ('command: a, schedule: "0 2 * * *", run_as: www-data', "only a system crontab"),
        ('command: "a\\nb", schedule: "0 2 * * *"', "a command of several lines"),
        ('command: [a, "\\\\%"], schedule: "0 2 * * *"', "a % behind a backslash"),
        ('command: a, schedule: "0 2 * * *", env: {X: "a\\nb"}', "sets X"),
        ('python: "a.b:c", schedule: "0 2 * * *"', "in Python"),
    ],
)
def test_what_no_crontab_says_is_a_comment_with_the_reason(job: str, why: str) -> None:
    """There is no entry that does something else."""
    text, left_out = exported(f"jobs: {{x: {{{job}}}}}")
    assert left_out == ["x"]
    assert why in text
    assert all(not line or line.startswith("#") for line in text.splitlines())


def test_settings_hold_for_the_jobs_that_have_them() -> None:
    """Variables and zones are set where they change; what an earlier job set, a later one does not get."""
    text, _ = exported(
        """
jobs:
  a: {command: /bin/a, schedule: "1 * * * *", env: {PATH: /opt, X: " 1"}, working_directory: /home/ann}
  b: {command: /bin/b, schedule: "2 * * * *", timezone: Asia/Tokyo, env: {PATH: /opt}, working_directory: /home/ann}
  c: {command: /bin/c, schedule: "3 * * * *", enabled: false}
"""
    )
    lines = [line for line in text.splitlines() if line]
    assert lines == [
        "# job a",
        "PATH=/opt",
        'X=" 1"',
        "1 * * * * /bin/a",
        "# job b",
        "CRON_TZ=Asia/Tokyo",
        "2 * * * * unset X; /bin/b",
        "# job c",
        "# it is disabled, and so a comment",
        "# 3 * * * * unset X; cd /srv/jobs && /bin/c",
    ]
    back = imported(text)
    assert [(job.keys["timezone"], job.keys["command"]) for job in back.found.jobs] == [
        ("UTC", "/bin/a"),
        ("Asia/Tokyo", "unset X; /bin/b"),
    ]


def test_debians_cron_reads_one_zone() -> None:
    """A job of another zone is left out, and said; one whose times are the same there is not."""
    config = 'jobs: {x: {command: a, schedule: "0 2 * * *", timezone: Asia/Tokyo}}'
    text, left_out = exported(config, dialect="debian", zone="Europe/Paris")
    assert left_out == ["x"]
    assert "its times are those of Asia/Tokyo, and Debian's cron reads all in Europe/Paris" in text
    assert exported(config, dialect="debian", zone="Asia/Tokyo")[1] == []
    assert exported(config.replace("0 2", "*/5 *"), dialect="debian", zone="Europe/Paris")[1] == []


def test_a_system_crontab_has_a_user_in_front_of_each_command() -> None:
    """That of the job, or the one as whom all run."""
    text, _ = exported(
        'jobs: {x: {command: /a, schedule: "0 2 * * *", run_as: www-data}, y: {command: /b, schedule: "0 3 * * *"}}',
        owner="root",
        system=True,
    )
    assert "0 2 * * * www-data /a" in text
    assert "0 3 * * * root cd /srv/jobs && /b" in text


def test_an_imported_crontab_is_exported_as_it_was() -> None:
    """Settings, entries and descriptions come back, line for line."""
    text = "SHELL=/bin/bash\nPATH=/usr/bin:/bin\n# Copies it\n30 2 * * 1-5 /opt/copy | wc\n@reboot date +\\%F; x\n"
    back, left_out = exported(imported(text).text)
    assert left_out == []
    for line in text.splitlines():
        assert line in back.splitlines()


@given(
    command=st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20
    ),
    dialect=st.sampled_from(["cronie", "debian"]),
)
def test_a_command_comes_back_as_it_was(command: str, dialect: Dialect) -> None:
    """Whatever stands in a command, cron would give just it to the shell, or there is no entry."""
    written = msgspec.json.encode(command).decode()
    config = f'jobs: {{x: {{command: {written}, schedule: "0 2 * * *", working_directory: /home/ann}}}}'
    try:
        parse(config.encode(), Path("config.yaml"))
    except ConfigInvalid:
        return
    text, left_out = exported(config, dialect=dialect)
    if not left_out:
        (job,) = imported(text, dialect=dialect).found.jobs
        assert job.keys["command"] == command
