"""A home whose ledger is gone begins no other in its place: it says so, and waits for the one that it had."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from cli.app.error_boundary import passing_failures
from cli.app.failures import Failure
from eventstore.errors import Unavailable
from scheduler.home import Home
from tests.support.command import await_fact, call
from tests.support.home import CONFIG, LiveHome


@pytest.fixture
def gone(tmp_path: Path) -> LiveHome:
    """A home in which something was recorded; its ledger was a disk, which is not mounted."""
    live = LiveHome(tmp_path / "home")
    live.configure(CONFIG)
    assert live.ask("jobs", "disable", "nightly").code == 0
    Home(live.root).ledger.rename(tmp_path / "ledger")
    Home(live.root).ledger.mkdir()
    return live


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["status", "--json"],
        ["plan"],
        ["metrics"],
        ["jobs", "list"],
        ["jobs", "history"],
        ["jobs", "run", "ticker"],
        ["jobs", "enable", "nightly"],
        ["ledger", "tail"],
        ["ledger", "verify"],
        ["ledger", "show", "1"],
        ["sql", "select 1"],
        ["export", "events"],
        ["logs", "show", "1"],
        ["audit", "report", "--from", "2026-01-01"],
        ["upgrade", "--check"],
        ["serve"],
    ],
)
def test_each_command_says_so_and_records_nothing(gone: LiveHome, command: list[str]) -> None:
    """A service manager is to try again: the disk may come."""
    answer = call(*command, home=gone.root)
    assert answer.code == (75 if command == ["serve"] else 3), answer
    assert f"the ledger is gone: {gone.ledger} holds no entries" in answer.err
    assert "Mount its disk, or restore a backup." in answer.err
    assert list(gone.ledger.iterdir()) == []


@pytest.mark.parametrize("is_there", [True, False])
def test_once_it_is_back_all_goes_on(gone: LiveHome, tmp_path: Path, is_there: bool) -> None:
    """Whether its folder was left, empty, or not."""
    gone.ledger.rmdir()
    if is_there:
        gone.ledger.mkdir()
    assert gone.ask("jobs", "enable", "nightly").code == 3
    shutil.copytree(tmp_path / "ledger", gone.ledger, dirs_exist_ok=True)
    assert gone.ask("jobs", "enable", "nightly").code == 0
    assert len(gone.entries("job.disabled")) == len(gone.entries("job.enabled")) == 1
    assert gone.ask("ledger", "verify").code == 0


def test_a_config_can_be_checked_without_it(gone: LiveHome) -> None:
    """Whether it is right says the config alone."""
    assert gone.ask("check").code == 0


def test_beginning_anew_takes_no_more_than_the_message_says(gone: LiveHome, tmp_path: Path) -> None:
    """All of `var` is moved away."""
    assert "move all of `var` away" in gone.ask("jobs", "enable", "nightly").err
    Home(gone.root).var.rename(tmp_path / "var")
    assert gone.ask("jobs", "disable", "nightly").code == 0
    assert gone.ask("ledger", "verify").code == 0


def test_a_home_in_which_nothing_was_recorded_begins_one(tmp_path: Path) -> None:
    """Reading leaves no trace that could be taken for a ledger that was."""
    live = LiveHome(tmp_path)
    live.configure(CONFIG)
    for command in (["status"], ["jobs", "list"], ["check"], ["plan"]):
        assert live.ask(*command).code == 0
    assert live.ask("jobs", "disable", "nightly").code == 0


def test_a_config_that_is_gone_is_put_back_and_not_begun_anew(tmp_path: Path) -> None:
    """The one that `init` writes would take the jobs away that are in force; nothing is written."""
    live = LiveHome(tmp_path)
    live.configure(CONFIG)
    home = Home(live.root)
    with live.served():
        await_fact(home.config_in_force.exists)
    home.config.unlink()
    with pytest.MonkeyPatch.context() as inside:
        inside.chdir(live.root)
        assert "config-in-force" not in live.ask("check", "other.yaml").err
    back = f"cp {home.config_in_force} {home.config}"
    for command in (["check"], ["init"]):
        answer = live.ask(*command)
        assert (answer.code, f"the last one that was in force: `{back}`" in answer.err) == (2, True)
        assert not home.config.exists()
    shutil.copy(home.config_in_force, home.config)
    assert live.ask("check").code == 0


@pytest.mark.parametrize(("number", "raised"), [
    (errno.EACCES, Unavailable), (errno.EROFS, Unavailable), (errno.ENOSPC, Failure),
])  # fmt: skip
def test_a_ledger_that_may_not_be_written_is_nothing_that_passes(
    number: int, raised: type[Exception]
) -> None:
    """No service manager tries that again and again, as it does with a full disk."""
    refused = Unavailable("x")
    refused.__cause__ = OSError(number, "y")
    with pytest.raises(raised), passing_failures():
        raise refused
