"""An entry that is whole, whose payload is not what its type says: what folds stops there, in words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.store import OWN_SEQ, Event
from scheduler.home import Home
from tests.support.command import call
from tests.support.home import CONFIG, make_home
from tests.support.past import Past
from tests.support.world import job

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def unfit(tmp_path: Path) -> tuple[Home, int]:
    """A home with such an entry in the middle, and which it is."""
    home, past = make_home(tmp_path / "home", CONFIG), Past()
    past.defined(NOW - timedelta(hours=9), job("nightly", "30 2 * * *"))
    past.run("nightly", NOW - timedelta(hours=8))
    past.record(home)
    with Journal.open(home.ledger, software="test", fsync="never") as journal:
        (entry,) = journal.append(
            [Event(type="job.disabled", actor="user:eve@web1", data={"reason": 3}, job="nightly")]
        )
        journal.append([Event(type="note.made", actor="scheduler", data={})] * 3)
    return home, entry.seq


@pytest.mark.parametrize(
    "command",
    [
        "jobs list", "jobs show nightly", "jobs next", "jobs why nightly", "jobs disable nightly --reason x",
        "jobs run nightly", "status", "status --json", "serve", "jobs list --as-of now",
        "export runs --job nightly",
    ],
)  # fmt: skip
def test_what_folds_names_the_entry_and_what_to_do(unfit: tuple[Home, int], command: str) -> None:
    """Exit code 3 with the entry's number, its type, the member that does not fit, and what shows it."""
    home, seq = unfit
    entries = len(list(LedgerReader.open(home.ledger).read(0)))
    answer = call(*command.split(), home=home.root)
    assert answer.code == 3, answer
    for part in (f"entry {seq}, job.disabled: member reason", f"ledger show {seq}`", "ledger verify`"):
        assert part in " ".join(answer.err.split()), answer
    assert "Traceback" not in answer.err
    with LedgerReader.open(home.ledger) as journal:
        assert len(list(journal.read(0))) == entries


def test_what_does_not_fold_works_on_it(unfit: tuple[Home, int]) -> None:
    """It can be shown, is a finding of `ledger verify` (exit code 1), and is exported with all others."""
    home, seq = unfit
    shown = call("ledger", "show", str(seq), home=home.root)
    assert (shown.code, "job.disabled" in shown.out) == (0, True)
    assert call("ledger", "tail", home=home.root).code == 0
    found = call("ledger", "verify", "--json", home=home.root)
    assert (found.code, found.document["ok"]) == (1, True)
    (illegal,) = found.document["illegal"]
    assert (illegal["seq"], illegal["type"]) == (seq, "job.disabled")
    assert "member reason" in illegal["why"]
    exported = call("export", "events", home=home.root)
    assert exported.code == 0
    rows = [json.loads(line) for line in exported.out.splitlines()]
    assert [row["seq"] for row in rows] == list(range(seq + 4))
    assert call("sql", "SELECT count(*) FROM events", home=home.root).code == 0


def test_an_unfit_end_of_a_run_is_exported_as_far_as_it_goes(unfit: tuple[Home, int]) -> None:
    """A run whose end has members of other kinds is a row with gaps, and hides no other row."""
    home, seq = unfit
    before = len(call("export", "runs", home=home.root).out.splitlines())
    ends = {"outcome": 7, "duration_ms": "long", "started": "noon", "exit_code": [], "attempt": -(2**70)}
    with Journal.open(home.ledger, software="test", fsync="never") as journal:
        (asked,) = journal.append(
            [Event(type="run.requested", actor="user:eve@web1", data={}, job="nightly", run=OWN_SEQ)]
        )
        journal.append(
            [Event(type="run.finished", actor="scheduler", data=ends, job="nightly", run=asked.seq)]
        )
        journal.append(
            [Event(type="job.defined", actor="config", data={"definition": {"command": 4}}, job="nightly")]
        )
        journal.append([Event(type="job.disabled", actor="config", data={"until": "never"}, job="nightly")])
    for view, form in (("runs", "jsonl"), ("events", "ocsf"), ("job_changes", "ocsf"), ("jobs", "csv")):
        answer = call("export", view, "--format", form, home=home.root)
        assert answer.code == 0, answer
        if view == "runs":
            assert len(answer.out.splitlines()) == before + 1
        if view == "events":
            whole = [json.loads(line)["unmapped"] for line in answer.out.splitlines()]
            assert ends in [one["data"] for one in whole]
    found = call("ledger", "verify", "--json", home=home.root).document["illegal"]
    assert [one["seq"] for one in found] == [seq, *range(asked.seq, asked.seq + 4)]
