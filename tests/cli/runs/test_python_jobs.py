"""Jobs in Python from the config to the ledger, and from there to everything that tells of them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec
import pytest

from eventstore.store import Entry
from tests.support.command import await_fact
from tests.support.home import LiveHome
from tests.support.python_jobs import extension

pytestmark = pytest.mark.real
SOURCE = """
    import os, signal, time
    from pathlib import Path

    class Load:
        name = "load"
        country: str = "FR"
        rows: int = 3

        async def run(self, ctx):
            print("loading", self.country)
            return {"message": f"loaded {self.country} for {ctx.trigger}", "items_processed": self.rows,
                    "items_failed": 1, "metrics": {"rows": self.rows, "ratio": 0.5}}

    class Stubborn:
        name = "stubborn"

        def run(self, ctx):
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            (Path(os.environ["CRONLEDGER_HOME"]) / "began").touch()
            time.sleep(600)

    class Broken:
        name = "broken"
        secret: str = ""

        def run(self, ctx):
            raise ValueError("cannot use " + self.secret)

    class Slow:
        name = "slow"

        def run(self, ctx):
            home = Path(os.environ["CRONLEDGER_HOME"])
            (home / "began").touch()
            while not (home / "go").exists():
                time.sleep(0.01)
            return {"message": "went on"}
"""
CONFIG = """
    jobs:
      load: {on_demand: true, country: DE}
      stubborn: {on_demand: true, kill_after: 1s}
      broken: {on_demand: true, params: {secret: {secret: true, file: token}}}
      slow: {on_demand: true}
"""


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with four jobs in Python."""
    home = LiveHome(tmp_path / "home")
    extension(home.root, "etl", SOURCE)
    (home.root / "token").write_text("hunter2hunter2\n")
    home.configure(dedent(CONFIG))
    return home


def said(entry: Entry) -> Any:
    """The payload of an entry."""
    return msgspec.json.decode(entry.data)


def test_what_a_job_says_is_on_record_and_told(home: LiveHome) -> None:
    """In the ledger, in `jobs why`, `runs show`, the history and SQL; given parameters reach it as its fields."""
    done = home.run("jobs", "run", "load", "--param", "rows=5")
    assert (done.code, done.out) == (0, "loading DE\n")
    assert "loaded DE for manual (5 items, 1 failed)" in done.err
    (finished,) = home.entries("run.finished")
    assert said(finished).items() >= {
        "message": "loaded DE for manual", "items_processed": 5, "items_failed": 1,
        "metrics": {"rows": 5, "ratio": 0.5}, "outcome": "succeeded", "exit_code": 0,
    }.items()  # fmt: skip
    run = str(finished.run)
    shown = home.ask("runs", "show", run).out
    assert all(
        part in shown for part in ("loaded DE for manual", "5 items, 1 failed", "rows: 5", "etl/jobs.py:Load")
    )
    why = " ".join(home.ask("jobs", "why", "load").out.split())
    assert "loaded DE for manual (5 items, 1 failed). It measured rows=5, ratio=0.5." in why
    (row,) = home.ask("jobs", "history", "--json").document
    assert (row["message"], row["items_processed"], row["items_failed"]) == ("loaded DE for manual", 5, 1)
    assert row["metrics"] == {"rows": 5, "ratio": 0.5}
    columns = "message, items_processed + items_failed, metrics->>'$.rows'"
    asked = home.ask(
        "sql", "--format", "csv", f"SELECT {columns} FROM runs UNION ALL SELECT {columns} FROM attempts"
    )
    assert asked.out.splitlines()[1:] == ["loaded DE for manual,6,5"] * 2
    home.check()


def test_what_goes_wrong_is_on_record(home: LiveHome) -> None:
    """Type and message of an exception, without the secret in it; the traceback is in the log."""
    running = home.start("jobs", "run", "broken")
    running.communicate()
    assert running.returncode == 1
    (finished,) = home.entries("run.finished")
    assert (said(finished)["outcome"], said(finished)["error"]) == ("failed", "ValueError: cannot use ***")
    (log,) = home.root.glob(f"var/logs/output/*/{finished.run}-1.stderr")
    assert log.read_text().startswith("Traceback (most recent call last):\n")
    assert all(b"hunter2" not in bytes(entry.data) for entry in home.entries())
    extension(home.root, "etl", "import nothing_like_it\n" + dedent(SOURCE))
    home.start("jobs", "run", "load").communicate()
    assert said(home.entries("run.finished")[-1])["error"] == (
        "extensions/etl/jobs.py:Load cannot be imported: ModuleNotFoundError: No module named 'nothing_like_it'"
    )
    home.check()


def test_one_that_blocks_signals_is_killed(home: LiveHome) -> None:
    """When its grace is over, as any command is."""
    running = home.start("jobs", "run", "stubborn")
    await_fact((home.root / "began").exists)
    running.send_signal(signal.SIGINT)
    running.communicate()
    (finished,) = home.entries("run.finished")
    assert (said(finished)["outcome"], said(finished)["signal"]) == ("cancelled", 9)


def test_an_adopted_run_keeps_its_own_result(home: LiveHome) -> None:
    """A scheduler that did not start it reads what it said, though it cannot know its exit code."""
    with home.served() as scheduler:
        assert home.run("jobs", "run", "slow", "--no-wait").code == 0
        await_fact((home.root / "began").exists)
        os.kill(scheduler.pid, signal.SIGKILL)
        scheduler.wait()
    with home.served():
        home.await_entry("run.adopted")
        (home.root / "go").touch()
        finished = said(home.await_entry("run.finished"))
    assert (finished["outcome"], finished["message"]) == ("succeeded", "went on")
    home.check()


def test_each_attempt_has_its_own_result(home: LiveHome) -> None:
    """A further attempt knows its number, and what it says is that of the run; each is a row of `attempts`."""
    source = """
        class Flaky:
            name = "flaky"

            def run(self, ctx):
                if ctx.attempt == 1:
                    return {"succeeded": False, "message": "not yet", "items_failed": 1}
                return {"message": f"attempt {ctx.attempt}"}
    """
    extension(home.root, "flaking", source)
    home.configure(dedent(CONFIG) + "  flaky: {on_demand: true, retry: {attempts: 2, delay: 1s}}\n")
    assert home.run("jobs", "run", "flaky").code == 0
    first, last = (said(entry) for entry in home.entries("run.finished"))
    assert (first["outcome"], first["error"], first["items_failed"]) == ("failed", "not yet", 1)
    assert (last["outcome"], last["message"]) == ("succeeded", "attempt 2")
    asked = home.ask(
        "sql", "--format", "csv", "SELECT message FROM runs UNION ALL SELECT message FROM attempts"
    )
    assert sorted(asked.out.splitlines()[1:]) == ["attempt 2", "attempt 2", "not yet"]
    home.check()


def test_a_dry_run_is_one_where_the_class_obeys(home: LiveHome) -> None:
    """It runs and is recorded as such, and leaves no result for the next run; of any other job it is shown."""
    source = """
        class Sweep:
            name = "sweep"
            supports_dry_run = True

            def run(self, ctx):
                before = ctx.previous.message if ctx.previous else "nothing"
                return {"message": f"dry run: {ctx.dry_run}, before: {before}"}
    """
    extension(home.root, "sweeping", source)
    home.configure(dedent(CONFIG) + "  sweep: {on_demand: true}\n")
    for _ in range(2):
        assert home.run("jobs", "run", "sweep", "--dry-run").code == 0
        assert said(home.entries("run.finished")[-1])["message"] == "dry run: True, before: nothing"
    assert said(home.entries("run.requested")[-1])["parameters"] == ["dry_run"]
    shown = home.ask("jobs", "run", "load", "--dry-run")
    assert shown.code == 0
    assert "scheduler.python_jobs" in shown.out
    assert home.ask("jobs", "run", "load", "sweep", "--dry-run").code == 2
    assert len(home.entries("run.requested")) == 2


def test_the_scheduler_never_imports_it(home: LiveHome) -> None:
    """Neither it nor a command that reads the config has the home's code on its path, or among its modules."""
    import sys

    home.ask("jobs", "list")
    assert home.ask("jobs", "show", "load", "--json").code == 0
    assert not [name for name in sys.modules if name == "etl" or name.startswith("etl.")]
    assert not [path for path in sys.path if path.startswith(str(home.root))]


def test_settings_say_where_the_class_is(home: LiveHome) -> None:
    """With the line of the job, and the values that stand beside its keys."""
    settings = {
        each["key"]: each for each in home.ask("jobs", "show", "load", "--json").document["configuration"]
    }
    assert settings["python"]["value"] == "extensions/etl/jobs.py:Load"
    assert (settings["python"]["origin"], settings["python"]["line"]) == ("job", 3)
    assert settings["params"]["value"]["country"] == {"default": "DE"}
    assert "command" not in settings
    assert json.dumps(settings["params"]["line"]) == "3"
