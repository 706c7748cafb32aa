"""A job with secrets: what it gets, and that nobody else is shown them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call, environment, process
from tests.support.home import entries_of, make_home, write_config
from tests.support.served import Served

CONFIG = """\
jobs:
  etl:
    command: |
      echo "it is $PGPASSWORD and $TOKEN"; echo "$PGPASSWORD" >&2; echo "$DB_PASSWORD" >&2; echo plain
    on_demand: true
    env: {DB_PASSWORD: e-secret}
    secrets: {PGPASSWORD: {file: pg}, TOKEN: {env: ETL_TOKEN}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a job that prints its secrets."""
    home = make_home(tmp_path, CONFIG)
    (tmp_path / "pg").write_text("f-secret\n")
    (tmp_path / "pg").chmod(0o600)
    return home


def test_the_job_has_them_and_nobody_is_shown_them(home: Home) -> None:
    """The captured files have what the job printed; all that is shown of them, and the ledger, has not."""
    env = environment({"ETL_TOKEN": "v-secret"})
    run = process("jobs", "run", "etl", home=home.root, env=env)
    assert run.code == 0
    assert "it is *** and ***\nplain\n" in run.out
    assert run.err.startswith("***\n***\n")
    number = str(next(entry.run for entry in entries_of(home.root) if entry.run is not None))
    shown = process("logs", "show", number, home=home.root, env=env)
    assert (shown.code, shown.out) == (0, "it is *** and ***\nplain\n")
    assert "*** stands for 2 secrets" in shown.err
    (out,) = (home.logs / "output").rglob("*.stdout")
    assert out.read_text() == "it is f-secret and v-secret\nplain\n"
    told = [
        call(*words, home=home.root)
        for words in (
            ("logs", "view"), ("runs", "show", number), ("jobs", "show", "etl"), ("jobs", "why", "etl"),
            ("jobs", "run", "etl", "--dry-run"),
        )
    ]  # fmt: skip
    assert [answer.code for answer in told] == [0] * len(told)
    everything = "".join(f"{answer.out}{answer.err}" for answer in [run, shown, *told])
    everything += home.ledger.joinpath("00000000000000000000.jsonl").read_text()
    for secret in ("f-secret", "v-secret", "e-secret"):
        assert secret not in everything
    assert "PGPASSWORD (from pg), TOKEN (from $ETL_TOKEN)" in told[2].out
    assert "DB_PASSWORD, PGPASSWORD, TOKEN" in told[4].out
    assert "PGPASSWORD=(secret), TOKEN=(secret)" in told[3].out


def test_what_cannot_be_masked_is_said(home: Home) -> None:
    """Where the variable of a secret is not known, the output is shown with a warning; a run without it fails."""
    assert process("jobs", "run", "etl", home=home.root, env=environment({"ETL_TOKEN": "v-secret"})).code == 0
    number = str(next(entry.run for entry in entries_of(home.root) if entry.run is not None))
    shown = call("logs", "show", number, home=home.root)
    assert "there is no variable ETL_TOKEN in the environment; so it is not masked" in shown.err
    (home.root / "pg").chmod(0o644)
    failed = process("jobs", "run", "etl", home=home.root, env=environment({"ETL_TOKEN": "v-secret"}))
    assert failed.code == 1
    assert "its secret PGPASSWORD cannot be read from" in failed.err
    assert "others can read it: `chmod o-rw" in failed.err


def test_what_is_collected_where_a_secret_is_not_known_is_withheld(home: Home) -> None:
    """The log entries of a job say nothing that might be the secret: what it printed stays in its files."""
    write_config(home.root, CONFIG.replace("{env: ETL_TOKEN}", "{file: pg}"))
    assert process("jobs", "run", "etl", home=home.root).code == 0
    (home.root / "pg").unlink()
    logged = call("logs", "view", home=home.root).out
    assert "withheld: a secret of this job" in logged
    assert "plain" not in logged


def test_what_a_scheduler_knows_is_masked_for_others(home: Home) -> None:
    """A command without the variable finds it in the scheduler's environment, and the collector inherits it."""
    with Served(home.root, {"ETL_TOKEN": "v-secret"}):
        run = process("jobs", "run", "etl", home=home.root)
        assert run.code == 0
        assert "it is *** and ***\nplain\n" in run.out
        number = str(next(entry.run for entry in entries_of(home.root) if entry.run is not None))
        assert process("logs", "show", number, home=home.root).out == "it is *** and ***\nplain\n"
        logged = process("logs", "view", home=home.root).out
        assert "it is *** and ***" in logged
        assert "plain" in logged
