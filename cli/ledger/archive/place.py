"""The folder that a person names for volumes, as it is written down."""

from __future__ import annotations

import os
from pathlib import Path

from cli.app.failures import Failure
from cli.ledger.outside_place import check_outside
from cli.terminal.printable import printable
from scheduler.home import Home

_CHARS_MAX = 4_000
"""The name of a volume comes on top; Linux has paths of up to 4,096 bytes."""


def place_of_volumes(named: Path, home: Home) -> Path:
    """The same folder by an absolute path, links in it as they are.

    Raises:
        Failure: it is where cronledger keeps the ledger, or its path cannot be written down.
    """
    check_outside(named, home)
    place = os.path.abspath(named)
    try:
        place.encode()
    except UnicodeEncodeError:
        place = ""
    if not 0 < len(place) <= _CHARS_MAX:
        raise Failure(
            f"the path of {printable(str(named))} cannot be written down in the ledger",
            f"Name a folder whose path is text in UTF-8 of at most {_CHARS_MAX:,} characters.",
        )
    return Path(place)
