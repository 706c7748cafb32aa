"""From crontabs to jobs: what is carried over, and what is said of each line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.configuration.load import parse
from scheduler.importing.crontab.dialect import Dialect
from scheduler.importing.crontab.lines import LINE_MAX_CHARS, NoCrontab, split
from tests.support.importing import imported, told


def keys(text: str, *, zone: str = "UTC", dialect: Dialect | None = None) -> dict[str, object]:
    """The keys of the one job of a crontab."""
    (job,) = imported(text, zone=zone, dialect=dialect).found.jobs
    return job.keys


def test_a_job_does_what_cron_did() -> None:
    """Folder, variables, no catching up, runs beside each other: as cron has it, not as our defaults are."""
    assert keys("5 4 * * * /opt/backup.sh\n", zone="Europe/Paris") == {
        "schedule": "5 4 * * *",
        "timezone": "Europe/Paris",
        "command": "/opt/backup.sh",
        "working_directory": "/home/ann",
        "env": {"PATH": "/usr/bin:/bin"},
        "catch_up": "none",
        "overlap": "allow",
    }


def test_settings_hold_for_the_entries_below_them() -> None:
    """A variable is that of the lines below it, and can be set again."""
    text = "A=1\n* * * * * one\nA = '2 '\nB=\"\"\n'C'=x # y\n* * * * * two\n"
    first, second = imported(text).found.jobs
    assert first.keys["env"] == {"PATH": "/usr/bin:/bin", "A": "1"}
    assert second.keys["env"] == {"PATH": "/usr/bin:/bin", "A": "2 ", "B": "", "C": "x # y"}


def test_home_is_the_folder_of_the_command() -> None:
    """Cron changes to HOME; one that is no whole path is said."""
    assert keys("HOME=/srv\n* * * * * pwd\n")["working_directory"] == "/srv"
    checked = imported("HOME=$X\n* * * * * pwd\n")
    assert "working_directory" not in checked.found.jobs[0].keys
    assert [line for line, _ in told(checked, "lost")] == [2]


def test_cron_tz_is_obeyed_as_cronie_does() -> None:
    """It makes the file cronie's; Debian's cron only hands it on, and that is said."""
    text = "CRON_TZ=Asia/Tokyo\n0 5 * * * x\nCRON_TZ=Asia/Tokio\n0 5 * * * y\n"
    checked = imported(text)
    assert [job.keys["timezone"] for job in checked.found.jobs] == ["Asia/Tokyo", "UTC"]
    ((line, said),) = told(checked, "lost")
    assert (line, "did you mean Asia/Tokyo?" in said, "read in UTC" in said) == (3, True, True)
    of_debian = keys("CRON_TZ=Asia/Tokyo\n0 5 * * * x\n", dialect="debian")
    assert of_debian["timezone"] == "UTC"
    assert of_debian["env"] == {"PATH": "/usr/bin:/bin", "CRON_TZ": "Asia/Tokyo"}


@pytest.mark.parametrize(
    ("value", "zone", "said"),
    [
        ("", "Europe/Paris", []),  # tzset(3) of the zone of cron itself: the way back
        (":America/New_York", "America/New_York", []),
        ("UTC+3", "UTC", ["is a rule"]),
        ("<-03>3", "UTC", ["is a rule"]),
        ("EST5EDT", "EST5EDT", []),
        ("Mars/Olympus", "UTC", ["there is no time zone 'Mars/Olympus'"]),
    ],
)
def test_cron_tz_is_read_as_the_c_library_does(value: str, zone: str, said: list[str]) -> None:
    """After another one; `zone` is that of the machine, or of `--timezone`."""
    checked = imported(
        f"CRON_TZ=Asia/Tokyo\n0 5 * * * x\nCRON_TZ={value}\n0 5 * * * y\n", zone="Europe/Paris"
    )
    assert [job.keys["timezone"] for job in checked.found.jobs] == ["Asia/Tokyo", zone]
    lost = [text for _, text in told(checked, "lost")]
    assert len(lost) == len(said)
    assert all(part in text for part, text in zip(said, lost, strict=True))


def test_a_command_that_the_two_crons_read_otherwise_is_told() -> None:
    """Nobody can see in it whose it is."""
    for dialect, command in (("debian", "printf 'a\\b'"), ("cronie", "printf 'a\\\\b'")):
        checked = imported(
            "* * * * * printf 'a\\\\b'\n", dialect="debian" if dialect == "debian" else "cronie"
        )
        assert checked.found.jobs[0].keys["command"] == command
        assert "--cron" in told(checked, "note")[0][1]
    assert told(imported("* * * * * date +\\%F 'a\\b'\n"), "note") == []


def test_random_delays_become_a_jitter() -> None:
    """As far as the times leave room for one."""
    assert keys("RANDOM_DELAY=45\n0 5 * * * x\n")["jitter"] == "45m"
    checked = imported("RANDOM_DELAY=45\n*/30 * * * * x\n")
    assert "jitter" not in checked.found.jobs[0].keys
    assert len(told(checked, "lost")) == 1
    drawn = keys("10~39 3 * * * x\n")
    assert (drawn["schedule"], drawn["jitter"]) == ("10 3 * * *", "29m")
    assert [line for line, _ in told(imported("0 1~5 * * * x\n"), "refused")] == [1]


def test_comments_right_above_an_entry_describe_it() -> None:
    """Others are kept between the jobs; what was an entry stays a comment; lines that divide describe nothing."""
    text = "# head\n\n# ----\n# Copies the\n# database\n# 0 5 * * * old\n0 1 * * * copy\n0 2 * * * other\n# end\n"
    checked = imported(text)
    first, second = checked.found.jobs
    assert first.keys["description"] == "Copies the database"
    assert "description" not in second.keys
    assert first.comments == ["head", "0 5 * * * old"]
    assert checked.found.comments == ["end"]
    assert "# head" in checked.text
    assert "# end" in checked.text


@pytest.mark.parametrize(
    ("owner", "line", "expected"),
    [
        ("root", "* * * * * www-data ls", {"run_as": "www-data"}),
        ("root", "* * * * * root ls", {"working_directory": "/root"}),
        ("ann", "* * * * * ann ls", {"working_directory": "/home/ann"}),
        ("ann", "* * * * * root ls", None),
        ("root", "* * * * * ls", None),
    ],
)
def test_a_system_crontab_has_users(owner: str, line: str, expected: dict[str, str] | None) -> None:
    """A job runs as its user where the home can run it so; else no job comes of the line."""
    checked = imported(f"{line}\n", owner=owner, system=True)
    if expected is None:
        assert checked.found.jobs == []
        assert len(told(checked, "refused")) == 1
    else:
        (job,) = checked.found.jobs
        assert job.keys["command"] == "ls"
        about_user = ("run_as", "working_directory")
        assert {key: job.keys[key] for key in about_user if key in job.keys} == expected


def test_a_system_crontab_that_is_read_as_a_users_is_noticed() -> None:
    """Where each command begins with the name of a user, it is asked whether it is one."""
    assert "--system" in told(imported("* * * * * root ls\n0 * * * * ann ls\n"), "note")[0][1]
    assert told(imported("* * * * * root ls\n0 * * * * ls\n"), "note") == []


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/opt/backup.sh --all", "backup"),
        ("cd /srv && ./run.py >/dev/null 2>&1", "run"),
        ("cd / && run-parts --report /etc/cron.hourly", "cron.hourly"),
        ("test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }", "cron.daily"),
        ("flock -n /run/x.lock /usr/bin/python3 -u /opt/etl/load.py", "load"),
        ("/usr/bin/python3 -m payroll.run", "payroll.run"),
        ("FOO=1 nice -n 10 perl x.pl", "x"),
        ("sudo -u www-data php artisan schedule:run", "artisan"),
        ("[ -x /a ] && /a/b", "b"),
        ("'été comme' x", "ete-comme"),
        ("...", "line-1"),
        ("log-cleanup", "log-cleanup-2"),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_job_is_named_for_what_it_runs(command: str, name: str) -> None:
    """By its program, or the script or folder that the program is given; every name is legal."""
    assert [job.name for job in imported(f"* * * * * {command}\n").found.jobs] == [name]


@given(
    commands=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\n\0\r"), min_size=1), max_size=5
    )
)
def test_names_are_legal_and_unique_whatever_runs(commands: list[str]) -> None:
    """The config takes every job that comes of a crontab, and none hides another."""
    checked = imported("".join(f"* * * * * x{command}\n" for command in commands))
    names = [job.name for job in checked.found.jobs]
    assert len(set(names)) == len(names)
    assert set(parse(checked.text.encode(), Path("config.yaml")).jobs) == set(names)
    assert len(names) + checked.refused == len(commands)


@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Binary junk comes to jobs that the config takes, to remarks, or to one refusal; never to anything else."""
    try:
        checked = imported(raw)
    except NoCrontab:
        return
    assert set(parse(checked.text.encode(), Path("config.yaml")).jobs) == {
        job.name for job in checked.found.jobs
    }


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"* * * * * a\n\n\0\n", "line 3 holds a NUL byte"),
        (b"\xff\xfe*\0", "UTF-16"),
        (b"#" * (4 * 1024 * 1024 + 1), "longer than 4 MiB"),
        (b"* * * * * a\n" * 10_001, "more than 10,000 entries"),
    ],
)
def test_what_is_no_crontab_is_refused(raw: bytes, why: str) -> None:
    """With the reason, and where."""
    with pytest.raises(NoCrontab, match=why):
        split(raw)


def test_a_user_in_front_of_the_only_command_that_is_refused_is_passed_over() -> None:
    """There is no job of which it could be said that it is one of a system crontab."""
    checked = imported("0 1~5 * * * root x\n", dialect="cronie")
    assert ([line for line, _ in told(checked, "refused")], told(checked, "note")) == ([1], [])
    checked = imported("0 1~5 * * * root x\n0 1 * * * root x\n", dialect="cronie")
    assert [line for line, text in told(checked, "note") if "say --system" in text] == [2]


def test_lines_that_cannot_be_carried_over_are_told_apart() -> None:
    """Each with its number; the others are imported."""
    text = (
        b"\xef\xbb\xbf# caf\xe9\r\n* * * * * good\r\n* * * * * caf\xe9\n* * * * * * x\n* * * * *\n"
        b"* * * * * "
        + b"x" * LINE_MAX_CHARS
        + b"\n* * * * * "
        + b"y" * 70_000
        + b"\n* * * * * %x\n0 5 * * * last"
    )
    checked = imported(text)
    assert [job.name for job in checked.found.jobs] == ["good", "last"]
    assert {line for line, _ in told(checked, "refused")} == {3, 4, 5, 6, 7, 8}
    assert len(told(checked, "note")) == 3
    assert checked.found.jobs[0].keys["command"] == "good"
