"""A primary with a synchronous standby, and what happens to them."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.support.postgresql import DEADLINE_S, Server, new_folder

NAME = "standby"
"""What the primary knows the standby as."""


def standby_of(primary: Server) -> Server:
    """A standby of a server that runs; it follows, and the primary waits for it at each commit."""
    standby = Server(new_folder(), durable=primary.durable)
    primary.program(
        "pg_basebackup", "-h", primary.folder, "-p", str(primary.PORT), "-U", "keeper", "-D", standby.data,
        "-X", "stream", "--checkpoint=fast", "--no-sync",
    )  # fmt: skip
    (standby.data / "standby.signal").touch()
    standby.start(
        primary_conninfo=f"host={primary.folder} port={primary.PORT} user=keeper application_name={NAME}",
        wal_retrieve_retry_interval="100ms",
    )
    wait_for(primary)
    return standby


def wait_for(primary: Server) -> None:
    """Let the primary wait for its standby from now on, and wait until that follows."""
    primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{NAME}'")
    primary.execute("SELECT pg_reload_conf()")
    until(lambda: primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)])


def promote(standby: Server) -> None:
    """Make the standby a primary of its own, that waits for nobody."""
    standby.execute("SELECT pg_promote()")
    until(lambda: standby.execute("SELECT pg_is_in_recovery()") == [(False,)])
    # What the basebackup brought along of the primary's settings.
    standby.execute("ALTER SYSTEM RESET synchronous_standby_names")
    standby.execute("SELECT pg_reload_conf()")


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.01)
