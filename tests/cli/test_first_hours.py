"""What a stranger stumbles over at first: options in unusual places, names mistyped, nothing running yet."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import click
import msgspec
import pytest

from cli.main import cronledger
from cli.words.words import is_on_time, lateness_words
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.home import Home
from tests.support.command import COMMAND, await_fact, call, process
from tests.support.home import CONFIG, LiveHome, make_home, record
from tests.support.past import Past

DUE = datetime(2026, 1, 5, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a config of two jobs, and no ledger yet."""
    return make_home(tmp_path / "home")


# -- `--home` and other options of all commands --------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["--home", "HOME", "jobs", "list"],
        ["jobs", "--home", "HOME", "list"],
        ["jobs", "list", "--home", "HOME"],
        ["jobs", "list", "--home=HOME", "--utc"],
        ["infra", "jobs", "list", "--home", "HOME"],
        ["--home", "/nowhere", "jobs", "list", "--home", "HOME"],
        ["status", "--home", "HOME"],
        ["jobs", "show", "nightly", "--home", "HOME"],
    ],
)
def test_the_home_may_stand_anywhere(home: Home, arguments: list[str]) -> None:
    """Before the command, after it, between its words: the last one counts."""
    answer = call(*[word.replace("HOME", str(home.root)) for word in arguments])
    assert answer.code == 0
    assert "nightly" in answer.out or str(home.root) in answer.out


def test_every_command_takes_the_home() -> None:
    """Not one is forgotten, and none repeats it in its help."""

    def walk(command: click.Command) -> None:
        assert sum("--home" in parameter.opts for parameter in command.params) == 1, command.name
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                assert "\n  --home" not in inner.get_help(click.Context(inner))
                walk(inner)

    walk(cronledger)


def test_a_home_after_the_command_is_completed_from(home: Home) -> None:
    """The names that the shell offers are those of the home that was typed, wherever that stands."""
    environment = {
        "_CRONLEDGER_COMPLETE": "bash_complete",
        "COMP_WORDS": f"cronledger jobs show --home {home.root} ",
        "COMP_CWORD": "5",
    }
    answer = process(env=environment, cwd="/")
    assert "nightly" in answer.out, (COMMAND, answer.err)


def test_an_option_of_the_whole_program_is_told_its_place(home: Home) -> None:
    """`--version` after a command is answered with where it belongs."""
    answer = call("jobs", "list", "--version", home=home.root)
    assert (answer.code, "stands before the command: `cronledger --version`" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("command", "long"),
    [
        (["jobs", "history"], "--limit"),
        (["jobs", "show", "nightly"], "--limit"),
        (["jobs", "next"], "--count"),
        (["cron", "explain", "@daily"], "--count"),
        (["ledger", "tail"], "--lines"),
    ],
)
def test_n_says_how_many_everywhere(home: Home, command: list[str], long: str) -> None:
    """The short form is the long one, bounds and all."""
    assert call("jobs", "run", "nightly", home=home.root).code == 0
    assert call("jobs", "run", "nightly", home=home.root).code == 0
    short = call(*command, "-n", "1", "--json", home=home.root)
    assert short.code == 0
    if command[0] != "cron":  # there the present moment is part of the answer
        assert short.out == call(*command, long, "1", "--json", home=home.root).out
    assert call(*command, "-n", "-1", home=home.root).code == 2
    assert call(*command, "-n", "1_0", home=home.root).code == 2


# -- names ---------------------------------------------------------------------------------------------------------


def test_the_ledger_tail_names_no_job_that_never_was(tmp_path: Path) -> None:
    """An unknown type is refused with the nearest, an unknown job warned about; one that was removed is fine."""
    home = make_home(tmp_path / "home")
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    mistyped = call("ledger", "tail", "--type", "job.disbled", home=home.root)
    assert (mistyped.code, "did you mean job.disabled?" in mistyped.err) == (2, True)
    assert "there are run.requested" in call("ledger", "tail", "--type", "run.begun", home=home.root).err
    assert "there are ledger.*" in call("ledger", "tail", "--type", "teapot", home=home.root).err
    assert call("ledger", "tail", "--type", "job.*", home=home.root).code == 0
    unknown = call("ledger", "tail", "--job", "tikcer", home=home.root)
    assert (unknown.code, unknown.out) == (0, "")
    assert "did you mean ticker?" in unknown.err
    assert "no such entry" in unknown.err
    record(home, v.event(v.JobRemoved(config="c"), v.CONFIG, job="ticker"))
    removed = call("ledger", "tail", "--job", "ticker", "--type", "job.removed", home=home.root)
    assert (removed.code, removed.err) == (0, "")
    assert "ticker removed" in removed.out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["history", "--status", "faild"], "did you mean failed?"),
        (["history", "--trigger", "manuel"], "did you mean manual?"),
        (["heatmap", "--what", "failure"], "did you mean failures?"),
    ],
)
def test_a_mistyped_choice_suggests_the_nearest(home: Home, typed: list[str], said: str) -> None:
    """Exit code 2, and the word that was probably meant."""
    answer = call("jobs", *typed, home=home.root)
    assert (answer.code, said in answer.err) == (2, True)


@pytest.mark.parametrize("command", [["list"], ["show", "nightly"], ["next"]])
@pytest.mark.parametrize("typed", ["-1", "-9999"])
def test_a_negative_entry_is_no_moment(home: Home, command: list[str], typed: str) -> None:
    """It is said which entries there are."""
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    answer = call("jobs", *command, "--as-of", typed, home=home.root)
    assert answer.code == 2
    assert f"{typed} is no entry: they are numbered from 0 to " in answer.err


# -- nothing runs yet ----------------------------------------------------------------------------------------------


def test_the_list_says_that_nothing_runs_by_itself_also_in_a_pipe(home: Home) -> None:
    """The remark is on standard error: the table stays clean, and programs hear nothing of it."""
    answer = call("jobs", "list", home=home.root)
    assert "No scheduler is running" in answer.err
    assert "No scheduler" not in answer.out
    assert call("jobs", "list", "--json", home=home.root).err == ""


def test_why_of_a_job_that_never_was_due_says_so(tmp_path: Path) -> None:
    """No instant is made up: the schedule, since when it is in force, and when it comes first."""
    home, past = make_home(tmp_path / "home", None), Past()
    now = datetime.now(UTC)
    seldom = JobDefinition(name="seldom", command="true", at=f"{now + 30 * DAY:%Y-%m-%dT%H:%M:%SZ}")
    # Its schedule had instants since the ledger began, but it was not in the config then.
    late = JobDefinition(name="late", command="true", schedule=f"0 0 {(now - 2 * DAY).day} * *")
    past.started(now - 10 * DAY)
    past.defined(now - timedelta(hours=1), seldom, late)
    past.record(home)
    for name in ("seldom", "late"):
        answer = call("jobs", "why", name, home=home.root)
        assert answer.out.startswith(f"{name} has not been due yet.\n")
        assert "in force since" in answer.out
        assert "[entry " in answer.out
        assert "What comes next: 2" in answer.out
        document = call("jobs", "why", name, "--json", home=home.root).document
        assert (document["asked"]["instants"], document["answers"]) == ([], [])
        assert document["next_run"] is not None


def test_why_of_a_single_time_that_had_passed_says_that_none_is_left(tmp_path: Path) -> None:
    """A job whose only instant lay before it was defined does not wait for anything."""
    home, past = make_home(tmp_path / "home", None), Past()
    now = datetime.now(UTC)
    past.started(now - 10 * DAY)
    past.defined(now - DAY, JobDefinition(name="gone", command="true", at="2020-01-01T00:00:00Z"))
    past.record(home)
    answer = call("jobs", "why", "gone", home=home.root)
    assert answer.out.startswith("gone has never been due, and its schedule has no time left.\n")
    assert "What comes next: nothing" in answer.out


def test_why_goes_back_over_an_edit_to_when_the_job_was_last_due(tmp_path: Path) -> None:
    """The schedule of then counts: an edit of an hour ago does not hide last night's run."""
    home, past = make_home(tmp_path / "home", None), Past()
    now = datetime.now(UTC).replace(microsecond=0)
    midnight = now.replace(hour=0, minute=0, second=0)
    past.started(now - 10 * DAY)
    past.defined(now - 9 * DAY, JobDefinition(name="nightly", command="true", schedule="0 0 * * *"))
    past.run("nightly", midnight)
    other = JobDefinition(name="nightly", command="true", schedule=f"30 12 {(now - 4 * DAY).day} * *")
    past.defined(max(now, midnight + timedelta(seconds=2)), other)
    past.record(home)
    document = call("jobs", "why", "nightly", "--json", home=home.root).document
    (answer,) = document["answers"]
    assert (answer["verdict"], answer["instant"]) == ("ran", f"{midnight:%Y-%m-%dT%H:%M:%SZ}")


def test_what_waits_is_cancelled_at_once_while_no_scheduler_runs(tmp_path: Path) -> None:
    """A request that nobody took up is settled under the name of who cancelled it, and never started."""
    live = LiveHome(tmp_path)
    live.configure(CONFIG)
    assert live.run("jobs", "disable", "ticker").code == 0
    asked = v.event(
        v.RunRequested(executor="scheduler", reason="please"), "user:ann@web1", job="nightly", run=-1
    )
    record(Home(tmp_path), asked)
    number = live.await_entry("run.requested").run
    said = live.run("jobs", "cancel", str(number), "--reason", "no longer needed")
    assert (said.code, said.out, said.err) == (
        0,
        f"run {number} of nightly is cancelled; it had not started\n",
        "",
    )
    skipped = live.await_entry("run.skipped")
    assert (skipped.run, skipped.actor.startswith("user:")) == (number, True)
    history = live.run("jobs", "history").out
    assert f"skipped: it was cancelled before it started by {skipped.actor}: no longer needed" in history
    asked_at = f"{live.entries('run.requested')[0].time:%Y-%m-%dT%H:%M:%SZ}"
    why = live.run("jobs", "why", "nightly", "--at", asked_at).out
    assert "No: a run was owed for it and was skipped." in why
    assert f"it was cancelled before it started, as {skipped.actor} wished: no longer needed" in why
    tail = live.run("ledger", "tail", "--type", "run.*").out
    assert f"asked to stop by {skipped.actor}: no longer needed" in tail
    assert f"cancelled before it started by {skipped.actor} (entry {skipped.seq - 1})" in tail
    again = live.run("jobs", "cancel", str(number))
    assert (again.code, "has ended" in again.err) == (1, True)
    with live.served():
        await_fact(lambda: bool(live.entries("scheduler.started")))
    assert live.entries("run.started") == []
    live.check()


def test_a_running_run_that_is_to_stop_is_shown_so(home: Home) -> None:
    """`jobs show` and `status` tell that somebody asked for it."""
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    asked = v.event(v.RunRequested(executor="self"), "user:ann@web1", job="nightly", run=-1)
    record(home, asked)
    assert "waiting to start" in call("jobs", "show", "nightly", home=home.root).out
    assert call("jobs", "cancel", "nightly", home=home.root).code == 0
    assert "waiting to start, asked to stop" in call("jobs", "show", "nightly", home=home.root).out
    assert "waiting to start, asked to stop" in call("status", home=home.root).out
    why = call("jobs", "why", "nightly", "--at", "now", home=home.root).out
    assert re.search(r"Run \d+ of nightly asked to stop by user:.*, at .*\. \[entry \d+\]", why)


def test_who_cancelled_a_run_is_said_once(tmp_path: Path) -> None:
    """`was cancelled after 1 s by …`, not `was cancelled …: cancelled by …`."""
    home, past = make_home(tmp_path / "home", None), Past()
    past.defined(DUE - DAY, JobDefinition(name="nightly", command="true", schedule="30 2 * * *"))
    past.run("nightly", DUE, outcome="cancelled", error="cancelled by user:ann@web1")
    past.record(home)
    assert "nightly was cancelled after 1 s by user:ann@web1\n" in call("ledger", "tail", home=home.root).out
    why = call("jobs", "why", "nightly", "--at", "2026-01-05T02:30Z", home=home.root).out
    assert "was cancelled at 2026-01-05 02:30:01 UTC after 1 s by user:ann@web1." in why
    assert "  cancelled by user:ann@web1\n" in call("jobs", "history", home=home.root).out


# -- words ---------------------------------------------------------------------------------------------------------


def test_on_time_is_not_late() -> None:
    """Below a second a run is on time; what catches up is late however little."""
    assert (is_on_time(999), is_on_time(1_000)) == (True, False)
    assert lateness_words(0) == lateness_words(999) == "on time"
    assert lateness_words(3_100) == "3.1 s late"
    assert lateness_words(400, "catch_up") == "400 ms late"


def test_the_settings_of_then_are_those_of_now(home: Home) -> None:
    """--as-of shows the same settings in the same order, with the values of then, and says what it cannot know."""
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    for name in ("nightly", "ticker"):
        now = call("jobs", "show", name, "--json", home=home.root).document["configuration"]
        then = call("jobs", "show", name, "--json", "--as-of", "now", home=home.root).document[
            "configuration"
        ]
        assert [(one["key"], one["value"]) for one in then] == [(one["key"], one["value"]) for one in now]
        assert {one["origin"] for one in then} == {"ledger"}
    answer = call("jobs", "show", "nightly", "--as-of", "now", home=home.root)
    assert "is not in the ledger" in answer.err


def test_no_digest_is_shown_that_will_not_be_recorded(home: Home) -> None:
    """Before anything is recorded there is no salt, and so no digest of a variable; then it is the recorded one."""

    def digest() -> object:
        listed = call("jobs", "show", "nightly", "--json", home=home.root).document["configuration"]
        return {one["key"]: one["value"] for one in listed}["env.PGHOST"]

    assert digest() is None
    assert not home.var.exists()
    assert "no digest yet" in call("jobs", "show", "nightly", home=home.root).out
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    recorded = digest()
    assert isinstance(recorded, str)
    then = call("jobs", "show", "nightly", "--json", "--as-of", "now", home=home.root).document[
        "configuration"
    ]
    assert {one["key"]: one["value"] for one in then}["env.PGHOST"] == recorded


def test_a_first_run_is_told_as_such(tmp_path: Path) -> None:
    """A job that is on its first run did run: it is said since when; and one that waits is not called running."""
    past = Past()
    job = JobDefinition(name="nightly", command="true", schedule="30 2 * * *")
    past.defined(DUE - DAY, job, msgspec.structs.replace(job, name="queued"))
    past.run("nightly", DUE, takes=None)
    past.requested("queued", DUE)
    home = make_home(tmp_path / "home", None)
    past.record(home)
    header, nightly, queued = call("jobs", "list", home=home.root).out.splitlines()
    columns = [header.index(title) for title in ("ENABLED", "LAST RUN", "LAST STARTED", "NEXT RUN")]
    cells = [[row[a:b].strip() for a, b in pairwise(columns)] for row in (nightly, queued)]
    assert cells == [
        ["enabled, running", "first run is going", "2026-01-05 02:30:00 UTC"],
        ["enabled, waiting for a scheduler", "first run is waiting", "-"],
    ]
    shown = call("jobs", "show", "nightly", home=home.root).out
    assert re.search(
        r"^running: +run [0-9]+, started 2026-01-05 02:30:00 UTC \(.* ago\)$", shown, re.MULTILINE
    )
    assert re.search(r"^last run: +first run is going$", shown, re.MULTILINE)
    assert "never ran" not in shown


def test_history_begins_with_what_is_not_over(tmp_path: Path) -> None:
    """Runs that are going or owed stand first, the newest on top, can be asked for, and count for the limit."""
    past = Past()
    job = JobDefinition(name="nightly", command="true", schedule="30 2 * * *", overlap="allow")
    past.defined(DUE - 2 * DAY, job, msgspec.structs.replace(job, name="queued"))
    past.run("nightly", DUE - DAY)
    past.run("nightly", DUE, takes=None)
    past.requested("queued", DUE + DAY)
    home = make_home(tmp_path / "home", None)
    past.record(home)

    def rows(*options: str) -> list[tuple[str, str]]:
        found = call("jobs", "history", "--json", *options, home=home.root).document
        assert len({tuple(row) for row in found}) <= 1, "all rows have the same members"
        return [(row["job"], row["status"]) for row in found]

    owed, running, finished = ("queued", "owed"), ("nightly", "running"), ("nightly", "finished")
    assert rows() == [owed, running, finished]
    assert rows("-n", "1") == [owed]
    assert rows("--status", "running") == [running]
    assert rows("--status", "owed") == [owed]
    assert rows("--status", "succeeded") == [finished]
    assert rows("--job", "nightly") == [running, finished]
    assert rows("--trigger", "manual") == [owed]
    assert rows("--until", "2026-01-04T12:00:00Z") == [finished]
    assert rows("--since", "2026-01-05") == [owed, running]
    table = call("jobs", "history", home=home.root).out.splitlines()
    assert re.search(r"queued +by hand +- +- +- +waits to be started, for ", table[1])
    assert re.search(r"2026-01-05 02:30:00 UTC  2026-01-05 02:30:00 UTC +- +running for ", table[2])
    assert "not yet" in call("jobs", "history", home=home.root, terminal=True).out


def test_history_takes_two_lines_a_run_where_one_is_too_narrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wide terminals get a row a run; narrow ones the trigger and a late due time below."""
    due, past = datetime(2026, 1, 5, 2, 30, tzinfo=UTC), Past()
    past.defined(
        due - timedelta(days=1), JobDefinition(name="nightly", command="true", schedule="30 2 * * *")
    )
    past.run("nightly", due)
    past.run("nightly", due + timedelta(days=1), waits=timedelta(minutes=5))
    home = make_home(tmp_path / "home", None)
    past.record(home)
    monkeypatch.setenv("COLUMNS", "140")
    assert len(call("jobs", "history", home=home.root, terminal=True).out.splitlines()) == 3
    monkeypatch.setenv("COLUMNS", "80")
    narrow = call("jobs", "history", home=home.root, terminal=True).out.splitlines()
    assert len(narrow) == 5
    assert sum("due 2026-01-06 02:30:00 UTC" in line for line in narrow) == 1
    assert not any("due 2026-01-05" in line for line in narrow)
