"""One system call fails, at each place of the product that makes one: a sentence, an exit code, and nothing lost."""

from __future__ import annotations

import errno
import os
import random

import pytest

from eventstore.verify import verify
from scheduler import vocabulary as v
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.failing_calls import CallSite, failing_calls
from tests.support.home import Files, LiveHome, files_of, job, make_home, restore, sh

ERRORS = [errno.EIO, errno.ENOSPC, errno.EMFILE, errno.EACCES]
CONFIG = "jobs:\n" + job("pump", sh("echo did >> $CRONLEDGER_HOME/done")) + job("other", ["true"])
COMMANDS = [
    "jobs disable pump --reason x", "jobs enable other", "jobs run pump", "jobs list", "jobs show pump", "jobs next",
    "jobs why pump", "jobs history", "status", "check", "plan", "ledger verify", "ledger tail -n 2", "ledger show 3",
    "logs view", "logs show 5", "sql SELECT(1)", "export runs", "projections rebuild", "projections status --verify",
]  # fmt: skip
SHORT = COMMANDS[:4]
"""Those of which some places are tried in a normal run."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home in which a run was made and a job is disabled."""
    home = LiveHome(make_home(tmp_path_factory.mktemp("used") / "home", CONFIG).root)
    for command in ("jobs run pump", "jobs disable other", "logs view"):
        assert home.ask(*command.split()).code == 0
    (home.root / "done").unlink()
    return home


def sites_of(home: LiveHome, command: str, files: Files) -> list[tuple[CallSite, int]]:
    """Where the command makes system calls, and how many there."""
    with failing_calls() as calls:
        home.ask(*command.split())
    restore(home.root, files)
    return sorted(calls.made.items())


def fail_at(home: LiveHome, command: str, site: CallSite, occurrence: int, number: int) -> None:
    """Let the command meet that failure, and check what must hold whatever it was."""
    before = home.entries()
    with failing_calls(site, occurrence=occurrence, number=number) as calls:
        answer = home.ask(*command.split())
    assert answer.code in (0, 1, 2, 3), answer
    entries = home.entries()
    assert entries[: len(before)] == before, "what was acknowledged is there"
    assert verify(home.ledger, workers=1).ok
    assert list(illegal_entries(entries)) == []
    new = [entry.type for entry in entries[len(before) :]]
    if command.startswith(("jobs disable", "jobs enable")):
        wanted = v.JobDisabled.TYPE if "disable" in command else v.JobEnabled.TYPE
        assert (wanted in new) == (answer.code == 0), (calls.failed, new, answer)
    if command.startswith("jobs run"):
        done = home.root / "done"
        times = len(done.read_text().splitlines()) if done.exists() else 0
        assert times == 1 if answer.code == 0 else times <= 1, answer
        assert new.count(v.RunStarted.TYPE) <= 1
        assert times <= new.count(v.RunStarted.TYPE), "what ran is on record"
    assert home.ask("jobs", "list").code == 0


@pytest.mark.parametrize("part", range(4))
def test_a_failing_call_anywhere_is_told_and_harms_nothing(home: LiveHome, part: int, hunt: bool) -> None:
    """Whichever call fails, in whichever way: a documented exit code, a sound ledger, and every deed is told."""
    for command in COMMANDS[part::4] if hunt else [SHORT[part]]:
        fail_everywhere(home, command, hunt=hunt)


def test_a_command_that_finds_no_way_back_to_its_folder_takes_nobody_along(home: LiveHome) -> None:
    """A command that cannot hold the folder it is in ends in another, and the tests after it stay where they are."""
    here = os.getcwd()
    files = files_of(home.root)
    sites = [site for site, _ in sites_of(home, "jobs run pump", files)]
    (held,) = (site for site in sites if site.call == "open" and site.file.endswith("/working_folder.py"))
    fail_at(home, "jobs run pump", held, 0, errno.EACCES)
    restore(home.root, files)
    assert os.getcwd() == here


def fail_everywhere(home: LiveHome, command: str, *, hunt: bool) -> None:
    """Let each call of a command fail once, or a few of them."""
    files = files_of(home.root)
    chance = random.Random(command)
    sites = sites_of(home, command, files)
    if not hunt:
        sites = chance.sample(sites, 12)
    for number, (site, count) in enumerate(sites):
        for occurrence in sorted({0, count - 1}) if hunt else [chance.randrange(count)]:
            error = ERRORS[number % len(ERRORS)]
            try:
                fail_at(home, command, site, occurrence, error)
            except BaseException as problem:
                problem.add_note(f"{command}: {site} #{occurrence}: {errno.errorcode[error]}")
                raise
            finally:
                restore(home.root, files)
