from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.command import Answer, call, process
from tests.support.home import Files, LiveHome, entries_of, files_of, job, make_home, sh, write_config
from tests.support.served import Served

BEFORE = """\
defaults:
  timezone: Europe/Paris
jobs:
  nightly:
    command: echo copied
    schedule: "30 2 * * mon-fri"
    env: {PGPASSWORD: hunter2}
  ticker: {every: 5m, command: echo tick}
  old: {on_demand: true, command: echo old}
"""
AFTER = """\
defaults:
  timezone: Europe/Paris
jobs:
  nightly:
    command: echo copied
    schedule: "45 3 * * mon-fri"
    env: {PGPASSWORD: hunter3, "NEW": x}
  ticker: {every: 5m, command: echo tock}
  fresh: {every: 1s, command: echo fresh}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose ledger knows the jobs of its config."""
    made = make_home(tmp_path / "home", BEFORE)
    assert call("jobs", "disable", "old", home=made.root).code == 0
    return made


def _plan(home: Home, *arguments: str) -> Answer:
    """What the plan says; nothing is written by that."""
    before: Files = files_of(home.root)
    answer = call("plan", *arguments, home=home.root)
    assert files_of(home.root) == before
    assert b"Traceback" not in answer.raw_err
    return answer


def test_before_anything_is_recorded_everything_is_new(tmp_path: Path) -> None:
    """All jobs with their times; no digest of a variable is shown, for there is no salt yet."""
    home = make_home(tmp_path, BEFORE)
    answer = _plan(home)
    assert (answer.code, answer.out.startswith("Of 3 jobs: 3 new.\n")) == (0, True)
    assert "env.PGPASSWORD:  set (no digest yet: nothing is recorded)\n" in answer.out
    assert "appear:    8,640 times, the first " in answer.out
    assert "everything is new" in answer.err
    assert not home.var.exists()
    document = _plan(home, "--json").document
    assert [(each["kind"], each["entries"]) for each in document["jobs"]] == [("added", ["job.defined"])] * 3
    assert (document["ledger"], document["counts"]["added"]) == (False, 3)


def test_an_edit_is_told_key_by_key(home: Home) -> None:
    """What is new, removed and changed, with old and new side by side; values of variables are digests."""
    write_config(home.root, AFTER)
    answer = _plan(home)
    assert answer.out.startswith("Of 3 jobs: 1 new, 1 removed, 2 changed.\n")
    for line in (
        "nightly: changed\n",
        "  schedule:        30 2 * * mon-fri -> 45 3 * * mon-fri\n",
        "  env.NEW:         none -> set (digest ",
        "ticker: changed\n  command:  echo tick -> echo tock\n",
        "fresh: new\n",
        "old: removed\n",
    ):
        assert line in answer.out, line
    assert "hunter" not in answer.out + answer.err
    assert "No scheduler is running" in answer.err


def test_programs_are_told_the_same(home: Home) -> None:
    """Members of the document: what changes, where it is written, which entries are recorded."""
    write_config(home.root, AFTER)
    document = _plan(home, "--json", "--days", "2").document
    jobs = {each["job"]: each for each in document["jobs"]}
    assert list(jobs) == ["nightly", "ticker", "fresh", "old"]
    assert jobs["nightly"]["changed"] == ["schedule", "env"]
    assert jobs["nightly"]["settings"][0] == {
        "key": "schedule", "old": "30 2 * * mon-fri", "new": "45 3 * * mon-fri", "origin": "job", "line": 6,
    }  # fmt: skip
    assert jobs["nightly"]["instants"]["disappear"] == jobs["nightly"]["instants"]["before"]
    assert jobs["ticker"]["instants"] is None
    assert jobs["fresh"]["instants"]["appear"] == 2 * 86_400
    assert (jobs["old"]["kind"], jobs["old"]["entries"]) == ("removed", ["job.removed"])
    assert (document["changes"], document["served"]) == (True, False)


def test_the_exit_code_says_whether_anything_would_change(home: Home) -> None:
    """0 and 4 with --exit-code, 0 without; another text alone changes nothing."""
    assert _plan(home, "--exit-code").code == 0
    assert _plan(home).out == "Nothing would change: all that the config says is in force.\n"
    write_config(home.root, BEFORE + "# a remark\n")
    assert _plan(home, "--exit-code").code == 0
    write_config(home.root, AFTER)
    assert (_plan(home, "--exit-code").code, _plan(home).code) == (4, 0)
    assert _plan(home, "--exit-code", "--json").code == 4


def test_mistakes_are_told_as_check_tells_them(home: Home) -> None:
    """The same words and exit code; programs get the same list."""
    write_config(home.root, AFTER + "  broken: {evry: 5m, command: x}\n")
    answer, checked = _plan(home, "--exit-code"), call("check", home=home.root)
    assert (answer.code, answer.err) == (checked.code, checked.err)
    document = _plan(home, "--json")
    assert (document.code, document.document["changes"]) == (2, None)
    assert document.document["errors"] == call("check", "--json", home=home.root).document["errors"]


def test_of_one_job(home: Home) -> None:
    """Only that one; a name that nobody has is refused, with the one that was meant."""
    write_config(home.root, AFTER)
    answer = _plan(home, "--job", "ticker")
    assert ("ticker: changed" in answer.out, "nightly" in answer.out) == (True, False)
    assert _plan(home, "--job", "old", "--exit-code").code == 4
    refused = _plan(home, "--job", "nightyl")
    assert (refused.code, "did you mean nightly?" in refused.err) == (2, True)


def test_of_another_file(home: Home, tmp_path: Path) -> None:
    """As if it stood in place of the config, which stays as it is; or from standard input."""
    edited = tmp_path / "edited.yaml"
    edited.write_text(AFTER)
    assert "Of 3 jobs: 1 new, 1 removed, 2 changed." in _plan(home, str(edited)).out
    assert process("plan", "-", "--exit-code", home=home.root, stdin=AFTER.encode()).code == 4
    assert _plan(home).out.startswith("Nothing would change")


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "junk"])
def test_a_file_that_is_no_config_is_refused(home: Home, tmp_path: Path, kind: str) -> None:
    """It says so, with exit code 2, and waits for nothing."""
    path = tmp_path / "given"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "junk":
        path.write_bytes(bytes(range(256)) * 8)
    answer = _plan(home, str(path))
    assert (answer.code, "error:" in answer.err) == (2, True)


def test_where_nothing_is(tmp_path: Path) -> None:
    """That is no home; a home whose config is gone is told apart."""
    assert "there is no cronledger home" in call("plan", home=tmp_path).err
    made = make_home(tmp_path / "home", BEFORE)
    call("jobs", "disable", "old", home=made.root)
    made.config.unlink()
    answer = call("plan", home=made.root)
    assert (answer.code, "there is no config at" in answer.err) == (2, True)


def test_three_hundred_changes_are_bounded(tmp_path: Path) -> None:
    """Those that are alike share a block; of the others so many are shown, and the rest counted."""
    text = "jobs:\n" + "".join(f"  job-{n}: {{every: 1h, command: run {n}}}\n" for n in range(300))
    home = make_home(tmp_path, text)
    call("jobs", "disable", "job-0", home=home.root)
    write_config(home.root, "defaults: {timeout: 15m}\n" + text)
    answer = _plan(home)
    assert "\n299 jobs: changed\n  timeout:  never -> 15m (defaults)\n" in answer.out
    assert "job-10 and 289 more\n" in answer.out
    assert "\njob-0: changed\n" in answer.out
    write_config(home.root, text.replace("run", "go"))
    answer = _plan(home)
    assert answer.out.count(": changed\n") == 20
    assert "and 280 more jobs: `cronledger plan --job job-20` shows one, --json has all" in answer.out
    assert len(_plan(home, "--json").document["jobs"]) == 300


def test_changes_that_wait_for_a_second_person(home: Home) -> None:
    """Asked for by this edit, or on record already: then nothing more would change."""
    write_config(home.root, BEFORE.replace("echo tick", "echo tock, approval: required"))
    answer = _plan(home, "--exit-code")
    assert answer.code == 4
    assert "1 waits for a second person" in answer.out
    assert "second person:  has to approve it; what is in force stays until then" in answer.out
    asked = call("check", home=home.root)
    assert "`cronledger plan` shows what it would change" in asked.err
    call("jobs", "enable", "old", home=home.root)
    answer = _plan(home, "--exit-code")
    assert (answer.code, "All of that is on record already." in answer.out) == (0, True)
    document = _plan(home, "--json").document["jobs"]
    assert [(each["approval"], each["entries"]) for each in document] == [("waits", [])]
    write_config(home.root, BEFORE)
    assert "ticker: taken back" in _plan(home).out


def test_a_scheduler_does_what_the_plan_says(tmp_path: Path) -> None:
    """Of a real one: the entries, job by job, the runs that wait, and the settings that are in force."""
    waiting = job("waits", sh("sleep 1000"), overlap="queue")
    live = LiveHome(tmp_path)
    live.configure("scheduler: {max_parallel: 4}\n" + BEFORE + waiting)
    after = (
        "scheduler: {max_parallel: 2}\nchannels: {mail: {email: ops@example.org}}\n"
        + AFTER
        + "  more: {after: nightly, command: x}\n"
    )
    edited = tmp_path / "edited.yaml"
    edited.write_text(after)
    with Served(tmp_path) as served:
        for _ in range(2):
            assert live.ask("jobs", "run", "waits", "--no-wait").code == 0
        served.wait_for(v.RunStarted)
        said = live.ask("plan", str(edited))
        assert "it takes the config up once" in said.err
        assert "  scheduler.max_parallel:  4 -> 2\n" in said.out
        assert "  channels.mail:           new\n" in said.out
        found = live.ask("plan", str(edited), "--json").document
        known = len(entries_of(tmp_path))
        live.configure(after)
        served.wait_for(v.RunSkipped)
        recorded = entries_of(tmp_path)[known:]
        for each in found["jobs"]:
            # What falls due meanwhile is nothing of the edit.
            types = [entry.type for entry in recorded if entry.job == each["job"] and entry.seq]
            assert types[: len(each["entries"])] == each["entries"], each["job"]
        fates = {each["job"]: [run["fate"] for run in each["runs"]] for each in found["jobs"]}
        assert fates["waits"] == ["goes_on", "is_skipped"]
        assert live.ask("plan", "--exit-code").code == 0
        served.stop_at_once()


def test_settings_are_compared_with_those_that_were_in_force(home: Home) -> None:
    """That of the last scheduler, which is kept; whoever wrote something else there changes nothing of the rest."""
    home.config_in_force.write_text(
        "scheduler: {max_parallel: 4, locks: {db: 2}}\nledger: {origin: a}\n" + BEFORE
    )
    write_config(home.root, "scheduler: {max_parallel: 4, locks: {db: 1}}\n" + BEFORE)
    document = _plan(home, "--json").document["settings"]
    assert [(each["block"], each["key"]) for each in document["changed"]] == [
        ("scheduler", "locks"),
        ("ledger", "origin"),
    ]
    assert _plan(home, "--exit-code").code == 4
    home.config_in_force.write_bytes(b"\x00\xff")
    answer = _plan(home, "--exit-code")
    assert (answer.code, "what changes beside the jobs is not known" in answer.err) == (0, True)


def test_files_beside_the_config_count_with_another_file_too(home: Home, tmp_path: Path) -> None:
    """As if that stood in place of `config.yaml`; a mistake in a part is told where the part is."""
    part = home.config.parent / "config.d" / "more.yaml"
    part.parent.mkdir(mode=0o755)
    part.write_text("jobs: {beside: {on_demand: true, command: echo beside}}\n")
    edited = tmp_path / "edited.yaml"
    edited.write_text(AFTER)
    assert "Of 4 jobs: 2 new, 1 removed, 2 changed." in _plan(home, str(edited)).out
    part.write_text("jobs: {fresh: {on_demand: true, command: echo again}}\n")
    answer = _plan(home, str(edited))
    assert (answer.code, f"{part}:1:8: error:" in answer.err) == (2, True)
