from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest

from cli.main import main
from cli.terminal import progress as progress_room
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.logs.collection.collector import Collector
from tests.support.command import COMMAND, Screen, call
from tests.support.home import LiveHome, flip_a_bit
from tests.support.output import HandWritten

CONFIG = """\
jobs:
  chatty:
    command: |
      printf 'plain\\377\\n'
      echo '{"level":"error","msg":"no room","code":28}'
      echo on stderr >&2
      echo my $TOKEN
    schedule: "@yearly"
    env: {TOKEN: s3cr3tvalue}
  broken:
    command: "false"
    schedule: "@yearly"
  log-cleanup:
    schedule: "@yearly"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home in which a run succeeded and one failed, without a scheduler."""
    home = LiveHome(tmp_path_factory.mktemp("logs") / "home")
    home.configure(CONFIG)
    assert home.run("jobs", "run", "chatty").code == 0
    assert home.run("jobs", "run", "broken").code == 1
    return home


def run_number(home: LiveHome, job: str) -> int:
    """The number of the job's last run."""
    return [entry.run or 0 for entry in home.entries("run.started") if entry.job == job][-1]


def test_view_shows_what_was_printed_and_what_happened(home: LiveHome) -> None:
    """One line each with time, level, where it comes from and the message; secrets are masked."""
    result = home.ask("logs", "view", "--utc")
    assert result.code == 0
    run = run_number(home, "chatty")
    lines = [line.split("Z  ", 1)[1] for line in result.out.splitlines() if "chatty" in line]
    assert lines[1:] == [
        f"info      scheduler: job requested: chatty, run {run}, by {home.entries('run.requested')[0].actor}",
        f"info      scheduler: job started: chatty, run {run} (manual)",
        f"info      chatty[{run}]: plain\\xff",
        f"error     chatty[{run}]: no room  code=28",
        f"info      chatty[{run}]: my ***",
        f"warning   chatty[{run}] stderr: on stderr",
        lines[-1],
    ]
    assert lines[-1].startswith(f"info      scheduler: job succeeded: chatty, run {run} after ")
    assert "s3cr3tvalue" not in result.out


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        (["--level", "error", "--job", "chatty"], ["no room"]),
        (["--level", "warning", "--stream", "stderr"], ["on stderr"]),
        (["--stream", "stdout", "-n", "1"], ["my ***"]),
        (["--since", "1h", "--until", "now", "--stream", "stderr"], ["on stderr"]),
        (["--until", "yesterday"], []),
        (["--since", "yesterday", "--job", "chatty", "--stream", "stdout", "--level", "error"], ["no room"]),
    ],
)
def test_filters_narrow_what_is_shown(home: LiveHome, options: list[str], messages: list[str]) -> None:
    """Level and above, times, job, stream, count: together."""
    answer = call("logs", "view", "--json", *options, home=home.root)
    assert answer.code == 0
    assert [entry["message"] for entry in answer.document] == messages


def test_json_has_every_member(home: LiveHome) -> None:
    """Members that do not apply are null; the fields are an object."""
    (entry,) = call("logs", "view", "--json", "--level", "error", "--job", "chatty", home=home.root).document
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "error", "job": "chatty", "run": run_number(home, "chatty"), "attempt": 1, "stream": "stdout",
        "message": "no room", "fields": {"code": 28},
    }  # fmt: skip


def test_job_failed_finds_failed_jobs(home: LiveHome) -> None:
    """Whatever the case; --case-sensitive and --regex do what they say; nothing found is exit code 1."""
    for pattern in ("job failed", "JOB FAILED"):
        (entry,) = call("logs", "search", pattern, "--json", home=home.root).document
        assert (entry["job"], entry["level"], entry["stream"]) == ("broken", "error", "scheduler")
    assert call("logs", "search", "--regex", r"exit code \d", "--json", home=home.root).document == [entry]
    missing = call("logs", "search", "JOB FAILED", "--case-sensitive", home=home.root)
    assert (missing.code, missing.out) == (1, "")
    assert "no such log entries" in missing.err


def test_what_is_typed_wrongly_is_explained(home: LiveHome) -> None:
    """A bad expression, an empty pattern, times the wrong way round, an unknown level: exit code 2."""
    for arguments, said in (
        (["search", "--regex", "("], "it is no regular expression"),
        (["search", ""], "it is empty"),
        (["view", "--since", "1h", "--until", "2h"], "it is not before --until"),
        (["view", "--level", "loud"], "loud"),
        (["view", "--since", "soonish"], "is not a time"),
        (["show", "x"], "is not a whole number"),
    ):
        answer = call("logs", *arguments, home=home.root)
        assert answer.code == 2
        assert said in answer.err


def test_show_is_byte_for_byte_but_for_secrets(home: LiveHome) -> None:
    """Standard output and standard error of a run, as they were written, checked against the ledger."""
    run = str(run_number(home, "chatty"))
    shown = home.run("logs", "show", run)
    assert shown.code == 0
    assert shown.raw_out == b'plain\xff\n{"level":"error","msg":"no room","code":28}\nmy ***\n'
    assert shown.raw_err.endswith(b"on stderr\n")
    assert b"*** stands for 1 secret" in shown.raw_err
    assert home.run("logs", "show", run, "--stream", "stderr").raw_err == b"on stderr\n"
    assert home.run("logs", "show", run, "--stream", "stderr").raw_out == b""
    assert home.run("logs", "show", run, "--attempt", "1", "--stream", "stdout").raw_out == shown.raw_out
    assert home.run("logs", "show", str(run_number(home, "broken"))).raw_out == b""


def test_show_of_what_is_no_run_says_so(home: LiveHome) -> None:
    """An entry that causes no run, a number beyond the end, an attempt that never was."""
    assert "there is no run 1" in home.ask("logs", "show", "1").err
    assert "there is no run 999" in home.ask("logs", "show", "999").err
    nothing = home.ask("logs", "show", str(run_number(home, "chatty")), "--attempt", "2")
    assert (nothing.code, "has no attempt 2" in nothing.err) == (1, True)


def test_altered_and_deleted_output_is_noticed(tmp_path: Path) -> None:
    """A changed byte and a missing file are exit code 1; what a straggler appended is not shown, and told."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    home.run("jobs", "run", "chatty")
    run = str(run_number(home, "chatty"))
    (path,) = (home.root / "var" / "logs" / "output").rglob(f"{run}-1.stdout")
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"plain", b"plane"))
    altered = home.run("logs", "show", run, "--stream", "stdout")
    assert altered.code == 1
    assert f"the ledger says {sha256(raw).hexdigest()}" in altered.err
    path.write_bytes(raw + b"a straggler's\n")
    longer = home.run("logs", "show", run, "--stream", "stdout")
    assert (longer.code, longer.raw_out) == (0, raw.replace(b"s3cr3tvalue", b"***"))
    assert "14 bytes more were added after the run had ended" in longer.err
    assert str(path) in longer.err
    path.unlink()
    gone = home.run("logs", "show", run, "--stream", "stdout")
    assert gone.code == 1
    assert "no entry of the ledger says by whom" in gone.err


def test_a_remark_about_output_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    """Where both streams are one terminal, what is said about output without a last line end does not stick to it."""
    home = LiveHome(tmp_path / "home")
    home.configure("jobs: {x: {command: \"printf 'no end'\", schedule: '@yearly'}}")
    home.run("jobs", "run", "x")
    (path,) = (home.root / "var" / "logs" / "output").rglob("*.stdout")
    path.write_bytes(b"No end")
    command = [COMMAND, "--home", str(home.root), "logs", "show", str(run_number(home, "x"))]
    together = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert together.stdout.startswith(b"No end\nwarning: ")
    assert subprocess.run(command, capture_output=True, check=False).stdout == b"No end"


@pytest.mark.unshifted("a run's environment is exact: libfaketime does not reach the job that deletes")
def test_retention_of_logs_counts_entries_and_output(tmp_path: Path) -> None:
    """log-cleanup deletes old files of days in both forms and compressed output; `logs show` names its entry."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    home.run("jobs", "run", "chatty")
    home.ask("logs", "view")
    run = str(run_number(home, "chatty"))
    logs = home.root / "var" / "logs"
    long_ago = (1_000_000_000, 1_000_000_000)
    old = [logs / "entries" / name for name in ("2001-09-09.jsonl.gz", "2001-09-08.jsonl")]
    old.append(logs / "output" / "2001-09-09" / "1-1.stdout.gz")
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    for path in [
        *logs.rglob(f"{run}-1.*"),
        *old,
        logs / "entries" / "position.json",
        logs / "entries" / "lock",
    ]:
        os.utime(path, long_ago)
    assert home.ask("jobs", "log-cleanup").code == 0
    applied = v.payload(home.entries("retention.applied")[-1])
    assert applied.deleted == 5
    assert not any(path.exists() for path in old)
    assert (logs / "entries" / "position.json").exists()
    # The run ended a moment ago by the ledger's clock, so that no retention can have meant it: that is said too.
    gone = home.ask("logs", "show", run, "--stream", "stdout")
    assert (gone.code, "is gone" in gone.err) == (1, True)


def test_the_entry_of_the_retention_that_deleted_output_is_named(tmp_path: Path) -> None:
    """`logs show` of a run whose output is gone says which entry of the ledger records that."""
    hand = HandWritten(tmp_path / "home", datetime.now(UTC) - timedelta(days=60))
    run = hand.begin()
    hand.put(run, b"old\n")
    hand.end(run)
    hand.wait(days=40)
    counts = {"dry_run": False, "deleted": 1, "deleted_bytes": 4, "failed": 0}
    applied = hand.record(
        v.RetentionApplied(kind="logs", cutoff=hand.now - timedelta(days=30), targets=[], **counts),  # type: ignore[arg-type]
        "log-cleanup",
    )
    hand.path(run).unlink()
    hand.close()
    gone = LiveHome(hand.home.root).run("logs", "show", str(run))
    assert gone.code == 1
    assert f"deleted by retention, entry {applied.seq}: log-cleanup: deleted 1 log file" in gone.err


def test_export_has_all_in_three_forms(home: LiveHome, tmp_path: Path) -> None:
    """JSON lines as they are kept, CSV with a column for each member, text as it is viewed; files are private."""
    lines = home.ask("logs", "export", "--job", "chatty").out.splitlines()
    entries = [json.loads(line) for line in lines]
    assert len(entries) == 8
    rows = list(
        csv.DictReader(io.StringIO(home.ask("logs", "export", "--job", "chatty", "--format", "csv").out))
    )
    assert [row["message"] for row in rows] == [entry["message"] for entry in entries]
    assert json.loads(rows[-1]["fields"]) == entries[-1]["fields"]
    text = home.ask("logs", "export", "--job", "chatty", "--format", "text", "--utc").out
    assert text == home.ask("logs", "view", "--job", "chatty", "--utc").out
    target = tmp_path / "logs.jsonl"
    assert home.ask("logs", "export", "--job", "chatty", "--output", str(target)).code == 0
    assert target.read_text().splitlines() == lines
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert home.ask("logs", "export", "--output", str(target)).code == 2
    inside = home.ask(
        "logs", "export", "--output", str(home.ledger / "00000000000000000000.jsonl"), "--force"
    )
    assert inside.code == 2
    home.check()


def test_export_is_in_the_order_of_times_like_view(tmp_path: Path) -> None:
    """A line that carries an earlier time of its own stands where it belongs, also over midnight."""
    hand = HandWritten(tmp_path / "home", datetime(2026, 11, 22, 23, 59, 30, tzinfo=UTC))
    run = hand.begin()
    hand.wait(seconds=60)
    hand.put(run, b'seen late\n{"msg":"said early","time":"2026-11-22T23:59:40Z"}\n')
    hand.put(run, b'{"msg":"said later","time":"2026-11-23T00:00:10Z"}\n')
    hand.collect()
    hand.end(run)
    hand.close()
    home = LiveHome(hand.home.root)
    for options in ([], ["--run", str(run)], ["--level", "info", "--stream", "stdout"]):
        entries = [json.loads(line) for line in home.ask("logs", "export", *options).out.splitlines()]
        assert entries == sorted(entries, key=lambda entry: entry["time"])
        viewed = call("logs", "view", "--json", *options, home=home.root).document
        assert [entry["message"] for entry in entries] == [entry["message"] for entry in viewed]
    assert [entry["message"] for entry in entries] == ["said early", "said later", "seen late"]


@pytest.mark.parametrize("command", [["view"], ["search", "x"], ["export"], ["summary"], ["view", "-f"]])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--job", "chaty"], 'no job "chaty": did you mean chatty?'),
        (["--run", "999"], "there is no run 999"),
        (["--run", "0"], "there is no run 0"),
    ],
)
def test_a_name_that_nobody_has_heard_of_is_no_empty_answer(
    home: LiveHome, tmp_path: Path, command: list[str], options: list[str], said: str
) -> None:
    """A mistyped job gets the nearest one, an unknown run is refused: exit code 2, and nothing is written."""
    target = tmp_path / "out"
    written = ["--output", str(target)] if command == ["export"] else []
    answer = home.ask("logs", *command, *options, *written)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert not target.exists()


def test_a_name_of_which_only_the_past_knows_is_known(tmp_path: Path) -> None:
    """A job that was removed, one that never ran, and one of which only log entries are left: no mistake."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    home.run("jobs", "run", "chatty")
    run = str(run_number(home, "chatty"))
    home.configure(CONFIG.replace("chatty", "other"))
    home.run("jobs", "run", "broken")
    home.ask("logs", "view")
    entries = home.root / "var" / "logs" / "entries"
    (entries / "2001-09-09.jsonl").write_text(
        '{"time":"2001-09-09T01:46:40.000000Z","level":"info","job":"ancient","run":999,"stream":"stdout","message":"m"}\n'
    )
    for options in (
        ["--job", "chatty"],
        ["--job", "other"],
        ["--job", "ancient"],
        ["--run", "999"],
        ["--run", run],
    ):
        answer = home.ask("logs", "view", "--level", "critical", *options)
        assert (answer.code, answer.out, answer.err) == (0, "", "no such log entries\n")
    of_another = home.ask("logs", "view", "--job", "broken", "--run", run)
    assert of_another.code == 2
    assert f"run {run} is one of chatty, not of broken" in of_another.err


def test_long_lines_are_wrapped_between_words_at_a_terminal_only(tmp_path: Path) -> None:
    """What goes on stands below the level; in a pipe an entry is one line."""
    hand = HandWritten(tmp_path / "home")
    run = hand.begin()
    hand.put(run, b"lorem ipsum dolor sit amet " * 6 + b"\n")
    hand.collect()
    hand.close()
    with mock.patch.dict(os.environ, {"COLUMNS": "80", "NO_COLOR": "1"}):
        arguments = ("logs", "view", "--stream", "stdout", "--utc")
        piped = call(*arguments, home=hand.home.root).out
        shown = call(*arguments, home=hand.home.root, terminal=True).out
    assert piped.count("\n") == 1
    lines = shown.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 80
    assert all(line.startswith(" " * 25) and line[25] != " " for line in lines[1:])
    assert shown.split() == piped.split()


def test_summary_counts_what_is_there(home: LiveHome) -> None:
    """By level, by job with its failed runs, by day; for people the same numbers."""
    document = call("logs", "summary", "--json", home=home.root).document
    entries = [json.loads(line) for line in home.ask("logs", "export").out.splitlines()]
    assert document["entries"] == len(entries) == sum(document["levels"].values())
    by_job = {job["job"]: job for job in document["jobs"]}
    assert by_job["chatty"]["entries"] == 8
    assert by_job["broken"]["failed_runs"] == 1
    assert [day["entries"] for day in document["days"]] == [len(entries)]
    text = home.ask("logs", "summary").out
    assert "the jobs that failed" in text
    assert "broken            1" in text


@pytest.mark.parametrize("command", [["view"], ["search", "plain"], ["summary"], ["export"]])
def test_a_person_who_watches_sees_that_entries_are_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """What has to be collected before the answer is announced at a terminal; in a pipe there is not a byte of it."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    home.run("jobs", "run", "chatty")
    screen = Screen()
    turn = Collector.turn
    pauses = iter([True])

    def slow(collector: Collector) -> bool:
        if next(pauses, False):
            give_up_s = time.monotonic() + 30
            while "collecting log entries" not in screen.getvalue():
                assert time.monotonic() < give_up_s
                time.sleep(0.01)
        return turn(collector)

    monkeypatch.setattr(Collector, "turn", slow)
    monkeypatch.setattr(progress_room, "DELAY_S", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "argv", ["cronledger", "--home", str(home.root), "logs", *command])
    with redirect_stderr(screen), redirect_stdout(io.StringIO()), pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    monkeypatch.undo()
    assert "collecting" not in home.ask("logs", *command).err


def test_what_cannot_be_collected_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a copy that may only be read: which file, and why; no number of the system's."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    home.run("jobs", "run", "chatty")
    assert home.ask("logs", "view").code == 0
    folder = home.root / "var" / "logs" / "entries"

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder / "lock"))

    monkeypatch.setattr("cli.logs.up_to_date.Collector", refused)
    answer = call("logs", "view", "-n", "1", home=home.root)
    assert answer.code == 0
    assert "Errno" not in answer.err
    assert f"nothing new could be collected: cannot write {folder}/lock: permission denied" in answer.err


def test_a_removed_job_is_named(tmp_path: Path) -> None:
    """Of several jobs it must be told which one the config no longer has."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    home.ask("jobs", "disable", "chatty", "--reason", "x")
    home.configure(CONFIG.replace("chatty:", "silent:"))
    home.ask("jobs", "disable", "silent", "--reason", "x")
    assert "scheduler: job chatty removed from the config" in home.ask("logs", "view").out


def test_the_longer_path_reaches_the_same_commands(home: LiveHome) -> None:
    """`cronledger infra logs` is `cronledger logs`."""
    assert home.ask("infra", "logs", "view").out == home.ask("logs", "view").out


def test_nothing_of_a_line_acts_on_the_terminal(tmp_path: Path) -> None:
    """Control characters in a message are shown escaped."""
    home = LiveHome(tmp_path / "home")
    home.configure("jobs: {x: {command: \"printf 'a\\\\033[2Jb\\\\007c\\\\n'\", schedule: '@yearly'}}")
    home.run("jobs", "run", "x")
    shown = call("logs", "view", "--stream", "stdout", home=home.root, terminal=True)
    assert "ab\\x07c" in shown.out
    assert "\x07" not in shown.out


def test_a_home_without_a_ledger_and_a_damaged_one_answer_nothing(tmp_path: Path) -> None:
    """No home: exit code 2. A damaged ledger: exit code 3, rather than a list that might be short."""
    assert call("logs", "view", home=tmp_path).code == 2
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    assert call("logs", "view", home=home.root).code == 2
    home.run("jobs", "run", "chatty")
    flip_a_bit(Home(home.root))
    for arguments in (["view"], ["search", "x"], ["summary"], ["export"], ["show", "3"]):
        assert call("logs", *arguments, home=home.root).code == 3
