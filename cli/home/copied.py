"""What to tell who works with a home that is a copy of another one."""

from __future__ import annotations

from cli.app.failures import Failure
from cli.app.invocation import invocation
from cli.terminal.printable import printable
from scheduler.database.origin import is_on_database
from scheduler.home import Home


def adoption(home: Home) -> str:
    """The command that lets a copy go on by itself; on a database it serves, as a node of its own."""
    return f"{invocation(home)} {'serve --adopt-home' if is_on_database(home) else 'home adopt'}"


def copied(home: Home) -> Failure:
    """Nothing is started in such a home until somebody has said what it is."""
    serving = f"{invocation(home)} serve --adopt-home"
    commands = dict.fromkeys((adoption(home), serving))
    return Failure(
        f"the home {printable(str(home.root))} is a copy of another one, or was restored: nothing is started here",
        f"If it is to run the jobs from now on: {', or '.join(f'`{each}`' for each in commands)}."
        " What the other one started is left alone.",
    )
