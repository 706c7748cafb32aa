from __future__ import annotations

import pytest

from tests.support.cluster.pair import Pair
from tests.support.postgresql import Server


@pytest.mark.long
@pytest.mark.real
def test_what_was_acknowledged_outlives_the_primary() -> None:
    """A row that was committed is there after a fail-over, and after the next one, back to the first place."""
    server = Server.create()
    pair = Pair(server)
    try:
        server.start()
        pair.follow()
        pair.primary.execute("CREATE TABLE kept (number int)")
        for number in (1, 2):
            pair.primary.execute(f"INSERT INTO kept VALUES ({number})")
            pair.fail_over()
            assert pair.primary.execute("SELECT count(*) FROM kept") == [(number,)]
            assert (pair.primary is server) == (number == 2)
            pair.follow_again()
    finally:
        pair.remove()
