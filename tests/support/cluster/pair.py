"""A primary and its synchronous standby, each at a place of its own, and what replaces the one by the other."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.command import DEADLINE_S
from tests.support.postgresql import OWNER, Server, new_folder

_LOOK_S = 0.02


class Pair:
    """Two servers: what the primary has acknowledged is on the standby's disk too.

    Attributes:
        primary: that which is written to.
        standby: that which follows it; None until `follow`.
    """

    def __init__(self, primary: Server, place: Path | None = None) -> None:
        self.primary = primary
        self.standby: Server | None = None
        self._place = place

    @property
    def servers(self) -> list[Server]:
        """Both of them, or the one that there is."""
        return [self.primary, *([] if self.standby is None else [self.standby])]

    def follow(self, serve: Callable[[Server], None] = lambda server: None) -> None:
        """Make a standby of what the primary has now, and have each commit wait for it from then on.

        Args:
            serve: told of the new server before it starts.
        """
        assert self.standby is None, "there is a standby already"
        standby = Server(new_folder(self._place), durable=self.primary.durable)
        serve(standby)
        self._copy_to(standby)
        self._wait_for_it(standby)

    def fail_over(self) -> None:
        """The primary is gone for good, with its machine; the standby takes its place.

        It has nobody behind it then, and commits wait for nobody, until `follow_again`.
        """
        assert self.standby is not None, "there is no standby"
        self.primary.kill()
        self.primary, self.standby = self.standby, self.primary
        self.primary.execute("SELECT pg_promote()")
        self._until("SELECT NOT pg_is_in_recovery()")
        self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.primary.execute("SELECT pg_reload_conf()")

    def follow_again(self) -> None:
        """What was the primary once comes back, empty, and follows."""
        assert self.standby is not None, "there is no other server"
        shutil.rmtree(self.standby.data)
        self._copy_to(self.standby)
        self._wait_for_it(self.standby)

    def remove(self) -> None:
        """End both and remove their folders."""
        for server in self.servers:
            server.remove()

    def _copy_to(self, standby: Server) -> None:
        where = ("-h", str(self.primary.folder), "-p", str(Server.PORT), "-U", OWNER, "-D", str(standby.data))
        standby.program("pg_basebackup", *where, "-R", "-X", "stream", "-c", "fast", "-N")

    def _wait_for_it(self, standby: Server) -> None:
        standby.start(wal_retrieve_retry_interval="100ms")
        self.standby = standby
        self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.execute("SELECT pg_reload_conf()")
        self._until("SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")

    def _until(self, question: str) -> None:
        give_up_s = time.monotonic() + DEADLINE_S
        while self.primary.execute(question) != [(True,)]:
            assert time.monotonic() < give_up_s, f"never true: {question}\n{self.primary.log()[-2_000:]}"
            time.sleep(_LOOK_S)
