"""Names, reasons, messages and output are anybody's text: at a terminal none of it is obeyed, in no command."""

from __future__ import annotations

import pytest

from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.command import call
from tests.support.output import HandWritten

ORDERS = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\x9b31m\r"
OBEYED = "\x1b\x07\r\u202e\u2066\x9b"
NAME = f"evil{ORDERS}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose ledger and logs hold orders to a terminal wherever text can stand."""
    written = HandWritten(tmp_path_factory.mktemp("hostile") / "home")
    run = written.begin(NAME)
    written.put(run, f'{{"level": "error", "msg": "no {ORDERS}", "at": "{ORDERS!a}"}}\n{ORDERS}\n'.encode())
    written.end(run, "failed", 1)
    waiting = written.begin(NAME)
    written.record(v.RunCancelRequested(reason=ORDERS), NAME, waiting)
    written.record(v.JobDisabled(reason=ORDERS), NAME)
    written.record(v.SchedulerPaused(reason=ORDERS))
    written.collect()
    written.close()
    return written.home


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"], ["jobs", "list"], ["jobs", "show", NAME], ["jobs", "history"], ["jobs", "why", NAME],
        ["jobs", "next", NAME], ["jobs", "timeline"], ["jobs", "heatmap"], ["jobs", "cancel", f"x{NAME}"],
        ["runs", "show", "1"], ["runs", "show", "4"],
        ["ledger", "tail"], ["ledger", "tail", "--json"], ["ledger", "show", "3"], ["ledger", "verify"],
        ["logs", "view"], ["logs", "view", "--json"], ["logs", "search", "no"], ["logs", "summary"],
        ["logs", "export"], ["logs", "export", "--format", "csv"], ["logs", "export", "--format", "text"],
        ["sql", "FROM events"], ["sql", "FROM log_entries", "--format", "csv"], ["sql", "FROM runs", "--json"],
        ["sql", "FROM runs", "--format", "markdown"], ["sql", f"SELECT '{ORDERS}' AS \"{ORDERS}\""],
        ["sql", f"SELECT '{ORDERS}' AS \"{ORDERS}\"", "--format", "vertical"],
        ["sql", f"SELEKT '{ORDERS}'"], ["export", "runs"], ["cron", "explain", f"* * * * {ORDERS}"],
    ],
    ids=lambda arguments: " ".join(arguments)[:24].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_no_command_hands_orders_to_a_terminal(home: Home, arguments: list[str]) -> None:
    """Whatever is asked, what the ledger, the logs or the command line hold is shown and not obeyed."""
    answer = call(*arguments, home=home.root, terminal=True)
    assert b"Traceback" not in answer.raw_err
    own = answer.out.replace("\x1b[0m", "")
    for colour in (*range(1, 10), *range(30, 38), *range(90, 98)):
        own = own.replace(f"\x1b[{colour}m", "")
    assert not set(OBEYED) & set(own), repr(own)
    assert not set(OBEYED) & set(answer.err), repr(answer.err)
