"""`python -m cli.background.telemetry HOME`: sends what goes to OpenTelemetry; see `scheduler.telemetry.program`."""

from __future__ import annotations

import sys

from cli.metrics.derived_totals import derived_totals
from eventstore.store import Head
from scheduler.home import Home
from scheduler.metrics.totals import Totals
from scheduler.telemetry.program import main


def _totals(home: Home, head: Head) -> Totals | None:
    """The counts as the projections have them; None where they cannot be asked: they are counted one by one then."""
    from projections import QueryError

    try:
        return derived_totals(home, head)
    except (QueryError, OSError):
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _totals))
