from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.rules.requests.enablement import kept_back
from tests.support.command import call
from tests.support.home import LiveHome, entries_of, make_home, record
from tests.support.world import BEGIN, World, job

CONFIG = """\
jobs:
  backup: {command: echo b, every: 5m, tags: [prod, db]}
  report: {command: echo r, schedule: "0 7 * * *", tags: prod, require_reason: true}
  sync: {command: echo s, every: 1h, timezone: Europe/Paris}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of three jobs, of which one asks for reasons."""
    return make_home(tmp_path, CONFIG)


def _switches(home: Home) -> list[tuple[str, str | None]]:
    return [(entry.type, entry.job) for entry in entries_of(home.root) if entry.type in v.ENABLEMENTS]


def test_a_tag_chooses_jobs_beside_those_named(home: Home) -> None:
    """All are recorded in one append: with the same time and no other entry between them."""
    answer = call("jobs", "disable", "sync", "--tag", "prod", "--reason", "move", home=home.root)
    assert (answer.code, answer.out) == (0, "sync disabled\nbackup disabled\nreport disabled\n")
    switches = [entry for entry in entries_of(home.root) if entry.type == v.JobDisabled.TYPE]
    assert [entry.job for entry in switches] == ["sync", "backup", "report"]
    assert len({entry.time for entry in switches}) == 1
    assert [entry.seq - switches[0].seq for entry in switches] == [0, 1, 2]


def test_all_chooses_every_job_of_the_config(home: Home) -> None:
    """Those that are as wanted already are told, and not recorded again."""
    assert call("jobs", "disable", "sync", home=home.root).code == 0
    answer = call("jobs", "disable", "--all", "--reason", "move", home=home.root)
    assert answer.out.startswith("backup disabled\nreport disabled\nsync is already disabled since ")
    disabled = v.JobDisabled.TYPE
    assert _switches(home) == [(disabled, "sync"), (disabled, "backup"), (disabled, "report")]
    home.config.write_text("jobs: {}\n")
    assert "no jobs" in call("jobs", "enable", "--all", home=home.root).err


@pytest.mark.parametrize(("arguments", "message"), [
    (["disable"], "which jobs? Name them, or give --tag or --all"),
    (["enable", "sync", "--all"], "--all means every job"),
    (["disable", "--all", "--tag", "prod"], "--all means every job"),
    (["disable", "sync", "--for", "1h", "--until", "18:00"], "--for and --until exclude each other"),
    (["disable", "sync", "--until", "1h ago"], "1h ago is not to come"),
    (["disable", "sync", "--until", "soon"], "'soon' is not a time"),
    (["disable", "sync", "nonsense"], 'no job "nonsense"'),
    (["disable", "sync", "--tag", "pod"], "did you mean prod?"),
    (["disable", "--all"], "report asks for a reason (`require_reason` in the config); nothing was recorded"),
    (["disable", "backup", "report", "--reason", " "], "report asks for a reason"),
])  # fmt: skip
def test_what_cannot_be_done_for_all_is_done_for_none(home: Home, arguments: list[str], message: str) -> None:
    """Exit code 2 with a sentence, and no job is switched."""
    answer = call("jobs", *arguments, home=home.root)
    assert answer.code == 2
    assert message in answer.err
    assert not (home.ledger.exists() and _switches(home))


def test_a_pause_ends_at_a_time(home: Home) -> None:
    """`--until` takes a time to come, and a duration as `--for` does."""
    assert call("jobs", "disable", "sync", "--until", "2099-12-24T18:00:00Z", home=home.root).code == 0
    assert call("jobs", "disable", "backup", "--until", "2h", home=home.root).code == 0
    backup, _, sync = call("jobs", "list", "--json", home=home.root).document
    assert sync["switched"]["until"] == "2099-12-24T18:00:00Z"
    began, ends = (datetime.fromisoformat(backup["switched"][each]) for each in ("time", "until"))
    assert abs(ends - began - timedelta(hours=2)) < timedelta(seconds=30)


def test_a_reason_is_asked_for_by_each_command_that_decides(home: Home) -> None:
    """Run, disable, enable: without a reason nothing is recorded; with one it stands in the ledger."""
    live = LiveHome(home.root)
    for ask, *command in ((live.ask, "run", "report"), (live.run, "run", "report", "--no-wait")):
        refusal = ask("jobs", *command)
        assert (refusal.code, "Say why with --reason TEXT." in refusal.err) == (2, True)
    assert live.entries("run.") == []
    assert live.ask("jobs", "run", "report", "--reason", "asked by ann").code == 0
    assert live.ask("jobs", "disable", "report", "--reason", "wrong day").code == 0
    refusal = live.ask("jobs", "enable", "report", "sync")
    assert refusal.code == 2
    assert live.ask("jobs", "enable", "sync").code == 0
    rows = live.ask("sql", "SELECT reason FROM runs UNION ALL SELECT reason FROM job_changes "
                    "WHERE change = 'disabled'", "--json").document  # fmt: skip
    assert sorted(row["reason"] for row in rows) == ["asked by ann", "wrong day"]


def test_a_reason_is_asked_for_by_cancel_and_by_the_cleanups(tmp_path: Path) -> None:
    """Also where the default of all jobs asks for it."""
    live = LiveHome(tmp_path)
    live.configure(
        'defaults: {require_reason: true}\njobs:\n  a: {command: "true", every: 1h}\n'
        '  log-cleanup: {schedule: "0 3 * * 0"}\n'
    )
    assert live.ask("jobs", "log-cleanup", "--dry-run").code == 2
    assert live.ask("jobs", "log-cleanup", "--dry-run", "--reason", "asked by ann").code == 0
    requested = v.RunRequested(executor="scheduler", reason="before")
    record(Home(live.root), v.event(requested, "user:ann@web1", job="a", run=OWN_SEQ))
    assert live.ask("jobs", "cancel", "a").code == 2
    assert live.entries("run.cancel") == []
    assert live.ask("jobs", "cancel", "a", "--reason", "not now").code == 0
    assert len(live.entries("run.cancel")) == 1


PAUSED = """\
jobs:
  often: {command: "true", every: 1m, catch_up: all}
  never: {command: "true", every: 1m, catch_up: none}
"""


def _paused(root: Path) -> LiveHome:
    """A home whose two jobs are disabled."""
    home = make_home(root, PAUSED)
    assert call("jobs", "disable", "--all", home=home.root).code == 0
    return LiveHome(home.root)


def test_what_a_pause_kept_back_is_caught_up_if_that_is_asked_for(tmp_path: Path) -> None:
    """A job that catches up nothing is refused, and with it all others; the entry says what is wanted."""
    live = _paused(tmp_path)
    refusal = live.ask("jobs", "enable", "--all", "--catch-up")
    assert (refusal.code, "never has `catch_up: none`" in refusal.err) == (2, True)
    assert live.entries("job.enabled") == []
    assert live.ask("jobs", "enable", "often", "--catch-up").code == 0
    (enabled,) = live.entries("job.enabled")
    assert v.payload(enabled).catch_up is True
    assert live.ask("jobs", "enable", "never").code == 0
    again = live.ask("jobs", "enable", "often", "--catch-up")
    assert again.out == "often is already enabled\n"


def test_how_much_a_pause_kept_back_is_told() -> None:
    """How many instants, and since when; nothing where none passed."""
    world = World(job("hourly"))
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=30))
    world.person(v.JobDisabled(), "hourly")
    world.until(BEGIN + timedelta(hours=4, minutes=30))
    world.crash()
    world.person(v.JobEnabled(catch_up=True), "hourly")
    kept = kept_back(world.state.jobs["hourly"])
    assert kept is not None
    assert (kept.instants, kept.since) == (3, BEGIN + timedelta(hours=1, minutes=30))
    world.start()
    world.run(1)
    assert kept_back(world.state.jobs["hourly"]) is None
