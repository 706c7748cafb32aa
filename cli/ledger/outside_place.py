"""A folder that a person names to write into: not one in which cronledger keeps the ledger."""

from __future__ import annotations

import os
from pathlib import Path

from cli.app.failures import Failure
from cli.terminal.printable import printable
from scheduler.home import Home


def check_outside(target: Path, home: Home) -> None:
    """Refuse a place in which cronledger keeps the ledger.

    Raises:
        Failure: it is one.
    """
    place, forbidden = Path(os.path.realpath(target)), Path(os.path.realpath(home.var))
    if place == forbidden or forbidden in place.parents:
        raise Failure(
            f"{printable(str(target))} is inside {printable(str(home.var))}, where cronledger keeps the ledger",
            "Name a place outside of it.",
        )
