"""Of which nodes the database hears: whose counters are raised while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from eventstore.replicated.database import Database

LOOK_S: Final = 1.5
"""A node raises its counter every second."""


def heard_nodes(database: Database, pause: Callable[[float], None] = time.sleep) -> frozenset[str]:
    """Names of the nodes whose counters were raised within a look of one and a half seconds.

    Raises:
        Unavailable, NoAnswer: the database cannot be asked.
    """
    before = {each.identity: each.counter for each in database.pulse().nodes}
    pause(LOOK_S)
    return frozenset(
        each.identity.node for each in database.pulse().nodes if before.get(each.identity) != each.counter
    )
