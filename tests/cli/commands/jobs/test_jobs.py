from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.times.zones import local_zone
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.command import Answer, call
from tests.support.home import CONFIG, flip_a_bit, make_home, record
from tests.support.ledger import run_finished, run_started, ticked

PAST = datetime(2026, 1, 5, 1, 30, tzinfo=UTC)
LIST_MEMBERS = [
    "name", "description", "schedule", "schedules", "every", "at", "on_demand", "timezone", "tags", "schedule_words",
    "schedule_source", "enabled", "switched", "last_run", "last_skipped", "next_run", "running",
    "pending_change", "late", "backfill_left", "after", "awaiting",
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two jobs and no ledger."""
    return make_home(tmp_path)


@pytest.mark.parametrize(
    "command", [("run", "nightly"), ("cancel", "nightly"), ("enable", "nightly"), ("disable", "nightly")]
)
def test_a_reason_is_bounded(command: tuple[str, str], home: Home) -> None:
    """A reason that is too long is a mistake in the command, and nothing is recorded."""
    answer = call("jobs", *command, "--reason", "x" * 2_001, home=home.root)
    assert answer.code == 2
    assert "at most 2,000 characters" in answer.err
    assert not home.ledger.exists()


def test_a_reason_may_be_as_long_as_that(home: Home) -> None:
    """What is just short enough is recorded whole."""
    assert call("jobs", "disable", "nightly", "--reason", "ü" * 2_000, home=home.root).code == 0
    assert (
        call("jobs", "show", "nightly", "--json", home=home.root).document["switched"]["reason"]
        == "ü" * 2_000
    )


def _with_a_run(home: Home) -> None:
    """Bring the ledger in line, and let nightly have failed once."""
    assert call("jobs", "enable", "nightly", home=home.root).code == 0
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    run = 5
    record(
        home,
        v.event(
            ticked(PAST, timezone="Europe/Paris", lateness_ms=2), v.SCHEDULER, job="nightly", run=run
        ),
        v.event(run_started(due=PAST), v.SCHEDULER, job="nightly", run=run),
        v.event(
            run_finished(PAST, "failed", due=PAST, duration_ms=1_200, exit_code=3),
            v.SCHEDULER, job="nightly", run=run,
        ),
    )  # fmt: skip


def _rows(answer: Answer) -> list[list[str]]:
    return [re.split(r" {2,}", line) for line in answer.out.splitlines()]


def test_jobs_list_works_before_any_scheduler_ran_and_leaves_no_trace(home: Home) -> None:
    """The config is shown as it would be recorded; nothing is created."""
    answer = call("jobs", "list", home=home.root)
    header, nightly, ticker = _rows(answer)
    assert header[0] == "NAME"
    assert nightly[:5] == [
        "nightly", "at 02:30 on Monday to Friday", "30 2 * * mon-fri Europe/Paris", "enabled", "never ran",
    ]  # fmt: skip
    assert ticker[:5] == ["ticker", "every 5 minutes", "every 5m", "enabled", "never ran"]
    assert answer.code == 0
    assert not home.var.exists()


def test_jobs_list_tells_the_last_run_and_who_disabled_what(home: Home) -> None:
    """The failed run, the disabled job and the next run stand in the list."""
    _with_a_run(home)
    _, nightly, ticker = _rows(call("jobs", "list", home=home.root))
    assert nightly[4] == "failed with exit code 3"
    assert nightly[5] == "2026-01-05 02:30:00 +01:00"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d 02:30:00 \+0[12]:00", nightly[6])
    assert re.fullmatch(r"disabled since .* UTC by user:.*@.*", ticker[3])
    assert ticker[6:] == ["-", "-"]
    utc = _rows(call("jobs", "list", "--utc", home=home.root))
    assert utc[1][5] == "2026-01-05 01:30:00 UTC"


def test_jobs_list_is_the_same_under_infra(home: Home) -> None:
    """`infra jobs …` reaches the same commands."""
    assert call("infra", "jobs", "list", "--json", home=home.root).document[0]["name"] == "nightly"


def test_jobs_list_for_programs_has_stable_members(home: Home) -> None:
    """Programs rely on names and forms."""
    _with_a_run(home)
    nightly, ticker = call("jobs", "list", "--json", home=home.root).document
    assert list(nightly) == list(ticker) == LIST_MEMBERS
    assert nightly["last_run"] == {
        "run": 5, "trigger": "schedule", "outcome": "failed", "started": "2026-01-05T01:30:00Z",
        "finished": nightly["last_run"]["finished"], "duration_ms": 1200, "exit_code": 3, "signal": None,
        "error": None,
    }  # fmt: skip
    assert list(ticker["switched"]) == ["enabled", "by", "time", "reason", "until", "entry"]
    assert ticker["enabled"] is False
    assert ticker["next_run"] is None


def test_jobs_list_fits_a_terminal(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns nothing is wider, and the outcome has its symbol."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    _with_a_run(home)
    answer = call("jobs", "list", home=home.root, terminal=True)
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "✗ failed" in answer.out


PARIS_TOO = CONFIG.replace("timezone: UTC", "timezone: Europe/Paris")


@pytest.mark.parametrize(
    ("config", "here", "options", "header", "labels"),
    [
        (CONFIG, "UTC", [], "NEXT RUN", {"nightly": r" \+0[12]:00", "ticker": ""}),
        (CONFIG, "Europe/Paris", [], "NEXT RUN", {"nightly": "", "ticker": " UTC"}),
        (CONFIG, "Asia/Tokyo", [], "NEXT RUN", {"nightly": r" \+0[12]:00", "ticker": " UTC"}),
        (CONFIG, "Asia/Tokyo", ["--utc"], "NEXT RUN (UTC)", {"nightly": "", "ticker": ""}),
        (CONFIG, "UTC", ["--utc"], "NEXT RUN (UTC)", {"nightly": "", "ticker": ""}),
        (PARIS_TOO, "UTC", [], "NEXT RUN (Europe/Paris)", {"nightly": "", "ticker": ""}),
        (PARIS_TOO, "Europe/Paris", [], "NEXT RUN", {"nightly": "", "ticker": ""}),
    ],
)
def test_the_list_at_a_terminal_tells_zones_that_are_not_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    config: str, here: str, options: list[str], header: str, labels: dict[str, str],
) -> None:  # fmt: skip
    """Beside each time whose zone is another one, or once in the header where that says it for all."""
    home = make_home(tmp_path / "zones", config)
    monkeypatch.setenv("TZ", here)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("NO_COLOR", "1")
    local_zone.cache_clear()
    try:
        out = call("jobs", "list", *options, home=home.root, terminal=True).out
    finally:
        local_zone.cache_clear()
    lines = out.splitlines()
    assert lines[0].rstrip().endswith(f"  {header}")
    for name, label in labels.items():
        (row,) = (line for line in lines if line.startswith(name))
        assert re.search(rf"\d\d:\d\d:\d\d{label}$", row), row


def test_a_pause_is_told_with_its_zone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal too the time since when a job is disabled has an offset where its zone is not the machine's."""
    call("jobs", "disable", "nightly", home=home.root)
    monkeypatch.setenv("COLUMNS", "200")
    out = call("jobs", "list", home=home.root, terminal=True).out
    assert re.search(r"disabled since \d\d:\d\d:\d\d \+0[12]:00 by ", out)


def test_jobs_show_says_everything_about_a_job(home: Home) -> None:
    """Description, schedule, zone, enabled, last and next run, and where each setting comes from."""
    _with_a_run(home)
    answer = call("jobs", "show", "nightly", home=home.root)
    for line in (
        r"description: +Copies the database",
        r"schedule: +at 02:30 on Monday to Friday \(30 2 \* \* mon-fri\)",
        r"zone: +Europe/Paris",
        r"enabled: +enabled",
        r"last run: +2026-01-05 02:30:00 \+01:00 \(.* ago\), failed with exit code 3 in 1.2 s, run 5",
        r"next run: +.* 02:30:00 \+0[12]:00 \(in .*\)",
        r"timeout +15m +job, line 8",
        r"timezone +Europe/Paris +defaults, line 2",
        r"overlap +skip +default",
        r"env.PGHOST +\(digest [0-9a-f]{16}\) +job, line 9",
        r" +5 +2026-01-05 02:30:00 \+01:00 +schedule +1.2 s +failed with exit code 3",
    ):
        assert re.search(f"^{line}", answer.out, re.MULTILINE), (line, answer.out)
    assert "db.example.org" not in answer.out


def test_jobs_show_for_programs_has_stable_members(home: Home) -> None:
    """What `jobs list` has, the configuration with origins, and the recent runs."""
    _with_a_run(home)
    document = call("jobs", "show", "nightly", "--json", home=home.root).document
    assert list(document) == [*LIST_MEMBERS, "configuration", "recent_runs"]
    assert {
        "key": "timeout",
        "value": 900_000,
        "origin": "job",
        "line": 8,
        "file": "config.yaml",
    } in document["configuration"]
    assert list(document["recent_runs"][0]) == [
        "run", "trigger", "scheduled_for", "started", "finished", "duration_ms", "outcome", "exit_code", "signal",
        "error", "attempt", "entry",
    ]  # fmt: skip


def test_a_mistyped_job_suggests_the_nearest(home: Home) -> None:
    """Exit code 2, and nothing was recorded."""
    for command in (["show"], ["disable", "ticker"], ["next"]):
        answer = call("jobs", *command, "nigthly", home=home.root)
        assert answer.code == 2
        assert answer.err.startswith('error: no job "nigthly": did you mean nightly?\n')
    assert call("jobs", "list", "--json", home=home.root).document[1]["enabled"] is True


def test_a_removed_job_is_said_to_be_removed(home: Home) -> None:
    """It is not confused with one that never was."""
    _with_a_run(home)
    home.config.write_text('jobs:\n  other: {command: "true", every: 1h}\n')
    answer = call("jobs", "show", "nightly", home=home.root)
    assert (answer.code, "no longer in the config" in answer.err) == (2, True)


def test_disable_and_enable_are_recorded_once_and_say_when_there_is_nothing_to_do(home: Home) -> None:
    """Switching is idempotent, and the reason and the person stand in the ledger."""
    assert call("jobs", "disable", "nightly", "ticker", "--reason", "disk", home=home.root).out == (
        "nightly disabled\nticker disabled\n"
    )
    again = call("jobs", "disable", "nightly", home=home.root)
    assert re.fullmatch(
        r"nightly is already disabled since .* \+0[12]:00 by user:\S+@\S+ because disk\n", again.out
    )
    assert call("jobs", "enable", "nightly", "nightly", home=home.root).out == "nightly enabled\n"
    assert call("jobs", "enable", "nightly", home=home.root).out == "nightly is already enabled\n"
    switched = call("jobs", "list", "--json", home=home.root).document[0]["switched"]
    assert (switched["enabled"], switched["reason"]) == (True, "")


def test_a_pause_ends_itself(home: Home) -> None:
    """`--for` says until when; the next runs begin there."""
    answer = call("jobs", "disable", "ticker", "--for", "2h", home=home.root)
    assert re.fullmatch(r"ticker disabled until .* UTC \(in 2 h\)\n", answer.out)
    document = call("jobs", "list", "--json", home=home.root).document[1]
    until = datetime.fromisoformat(document["switched"]["until"])
    assert datetime.fromisoformat(document["next_run"]) > until
    first = call("jobs", "next", "ticker", "--count", "1", "--json", home=home.root).document[0]
    assert first["scheduled_for"] == document["next_run"]


def test_a_pause_that_is_over_is_over_before_that_is_on_record(home: Home) -> None:
    """Nobody has to run a scheduler for a pause to end."""
    assert call("jobs", "enable", "ticker", home=home.root).code == 0
    until = datetime.now(UTC) - timedelta(hours=1)
    record(home, v.event(v.JobDisabled(until=until), "user:ann@web1", job="ticker"))
    assert call("jobs", "list", "--json", home=home.root).document[1]["enabled"] is True
    assert call("jobs", "enable", "ticker", home=home.root).out == "ticker is already enabled\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["jobs", "disable", "ticker", "--for", "0s"],
        ["jobs", "disable", "ticker", "--for", "soon"],
        ["jobs", "disable"],
        ["jobs", "enable", "ticker", "--for", "1h"],
        ["jobs", "next", "--count", "0"],
        ["jobs", "show", "ticker", "--runs", "-1"],
        ["jobs", "lst"],
        ["--nonsense"],
    ],
)
def test_what_is_typed_wrong_is_usage(home: Home, arguments: list[str]) -> None:
    """Exit code 2, a message, no traceback, and nothing recorded."""
    answer = call(*arguments, home=home.root)
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert not home.ledger.exists()


def test_jobs_next_merges_the_coming_runs(home: Home) -> None:
    """In order of time, each in its job's zone, and disabled jobs have none."""
    coming = call("jobs", "next", "--count", "400", "--json", home=home.root).document
    instants = [item["scheduled_for"] for item in coming]
    assert (len(coming), instants) == (400, sorted(instants))
    assert {item["job"] for item in coming} == {"nightly", "ticker"}
    assert all(
        item["local_time"][11:].startswith("02:30:00 +0") for item in coming if item["job"] == "nightly"
    )
    call("jobs", "disable", "ticker", home=home.root)
    assert {item["job"] for item in call("jobs", "next", "--json", home=home.root).document} == {"nightly"}
    absent = call("jobs", "next", "ticker", home=home.root)
    assert "ticker is disabled since" in absent.err


def test_an_edit_that_no_scheduler_has_taken_up_is_shown_and_said(home: Home) -> None:
    """Who reads sees the config as it stands."""
    _with_a_run(home)
    home.config.write_text(home.config.read_text().replace("30 2 * * mon-fri", "0 4 * * *"))
    answer = call("jobs", "list", home=home.root)
    assert _rows(answer)[1][1] == "every day at 04:00"
    assert "edits that are not in the ledger yet" in answer.err


def test_an_invalid_config_is_a_warning_where_the_ledger_knows_enough(home: Home) -> None:
    """Reading and switching go on with what was recorded."""
    _with_a_run(home)
    home.config.write_text("jobs: [")
    listed = call("jobs", "list", home=home.root)
    assert (listed.code, _rows(listed)[1][0], "warning: " in listed.err) == (0, "nightly", True)
    switched = call("jobs", "enable", "ticker", home=home.root)
    assert (switched.code, switched.out, "warning: " in switched.err) == (0, "ticker enabled\n", True)
    shown = call("jobs", "show", "nightly", home=home.root)
    assert re.search(r"^timeout +15m +ledger", shown.out, re.MULTILINE)


def test_an_invalid_config_without_a_ledger_is_refused_with_all_its_mistakes(home: Home) -> None:
    """There is nothing else to go by."""
    home.config.write_text('jobs:\n  a: {comand: "true", schedule: "0 2 * * *"}\n')
    for command in (["jobs", "list"], ["jobs", "disable", "a"], ["status"]):
        answer = call(*command, home=home.root)
        assert answer.code == 2
        assert "did you mean command?" in answer.err
    assert not home.ledger.exists()


def test_a_folder_that_is_no_home_is_said_to_be_none(tmp_path: Path) -> None:
    """Nothing is created in it, whatever was asked."""
    for command in (["jobs", "list"], ["status"], ["jobs", "disable", "a"], ["jobs", "next"]):
        answer = call(*command, home=tmp_path)
        assert (answer.code, "`cronledger init` makes one" in answer.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_ledger_is_never_shown_as_if_it_were_sound(home: Home) -> None:
    """Exit code 3 and where the damage is; nothing is written."""
    _with_a_run(home)
    (home.ledger / "HEAD").unlink()
    flip_a_bit(home)
    before = {path: path.read_bytes() for path in home.ledger.iterdir()}
    for command in (["jobs", "list"], ["status"], ["jobs", "enable", "ticker"], ["jobs", "show", "nightly"]):
        answer = call(*command, home=home.root)
        assert answer.code == 3, command
        assert re.match(r"error: the ledger is damaged: .*jsonl at byte \d+, entry \d+", answer.err)
    after = {path: path.read_bytes() for path in home.ledger.iterdir() if path in before}
    assert all(after[path] == raw for path, raw in before.items() if path.suffix == ".jsonl")


def test_names_cannot_break_the_terminal(home: Home) -> None:
    """A name with control characters in the ledger, or typed, is printed escaped."""
    answer = call("jobs", "show", "\x1b[2Jx\udcff", home=home.root)
    assert answer.code == 2
    assert answer.err.replace("\n", "").isprintable()
    answer = call("jobs", "disable", "ticker", "--reason", "\x1b]0;owned\x07", home=home.root)
    assert answer.code == 0
    listed = call("jobs", "list", home=home.root)
    assert r"\x1b]0;owned\x07" in listed.out
    assert listed.out.replace("\n", "").isprintable()


def test_a_name_with_a_leading_dash_or_a_slash_is_just_a_name(home: Home) -> None:
    """It is not found, or is an option that does not exist; never more."""
    assert call("jobs", "show", "../../etc/passwd", home=home.root).code == 2
    assert call("jobs", "show", "-x", home=home.root).code == 2
    assert 'no job "-x"' in call("jobs", "show", "--", "-x", home=home.root).err


def test_a_home_with_a_nasty_name_is_handled_like_any_other(tmp_path: Path) -> None:
    """Its path is printed escaped, and the commands work there."""
    root = tmp_path / "a \x1b[2J 'b'\n\udcff"
    for command in (
        ["jobs", "list"],
        ["init"],
        ["check"],
        ["plan"],
        ["init"],
        ["status"],
        ["status", "--json"],
        ["jobs", "disable", "hello"],
    ):
        answer = call(*command, home=root)
        assert answer.code in (0, 2), answer
        assert (answer.out + answer.err).replace("\n", "").isprintable()
    assert call("jobs", "list", "--json", home=root).document[1]["enabled"] is False
