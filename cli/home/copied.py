"""What to tell who works with a home that is a copy of another one."""

from __future__ import annotations

from cli.app.failures import Failure
from cli.app.invocation import invocation
from cli.terminal.printable import printable
from scheduler.home import Home


def copied(home: Home) -> Failure:
    """Nothing is started in such a home until somebody has said what it is."""
    command = invocation(home)
    return Failure(
        f"the home {printable(str(home.root))} is a copy of another one, or was restored: nothing is started here",
        f"If it is to run the jobs from now on: `{command} home adopt`, or `{command} serve --adopt-home`."
        " What the other one started is left alone.",
    )
