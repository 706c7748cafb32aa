"""What the console serves: one home, seen as it is now and as it was."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cli.console.kept.kept_config import KeptConfig
from cli.console.kept.kept_sql import KeptSql
from cli.console.kept.next_runs import NextRuns
from cli.console.kept.report_desk import ReportDesk
from cli.console.live.live_entries import LiveEntries
from cli.console.live.open_views import OpenViews
from cli.metrics.derived_totals import derived_totals
from eventstore.errors import NoLedger
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import open_ledger_to_read
from scheduler.logs.query.range_times import KnownTimes
from scheduler.metrics.counting import Counting

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.access.token import Token

_OUTPUTS_MAX = 100
_OUTPUTS_PER_VISITOR_MAX = 16
"""Each open page on an output looks for more of it twice a second."""
_PAGES_WAITING_MAX = 16
_QUERIES_WAITING_MAX = 4
"""So many wait for the views: all together fewer than there are threads that answer."""
_PASTS_MAX = 8
"""So many moments of the past are kept open, the last ones that were asked for."""


class Site:
    """A home that is served, its ledger kept open and folded.

    Whoever looks holds the lock: requests are answered by threads, and a state that is being folded is none.

    Attributes:
        home: the home.
        zone: IANA name of the zone in which times are shown that belong to no job.
        as_of: the moment as of which the whole site answers, as typed; None: as it is now.
        counting: what happened so far, counted for metrics.
        config: the config beside what is looked at, for pages that tell what it says.
        next_runs: when jobs run next, as of now or later.
        sql: the views, for pages that ask them.
        queries: the views, for what visitors ask in their own words, which takes as long as they please.
        audits: makes the reports of periods.
        log_times: between which times the ranges of the logs lie that were read.
        live: new entries, for pages that are open; used in the event loop alone.
        output_views: the pages that are open on the output of runs that go on; likewise.
    """

    def __init__(self, home: Home, zone: str, as_of: str | None = None) -> None:
        self.home, self.zone, self.as_of = home, zone, as_of
        self.counting = Counting(home, derived_totals)
        self.config, self.next_runs = KeptConfig(), NextRuns()
        self.sql = KeptSql(home, _PAGES_WAITING_MAX)
        self.queries = KeptSql(home, _QUERIES_WAITING_MAX)
        self.audits = ReportDesk()
        self.log_times = KnownTimes()
        self.live = LiveEntries(home, zone)
        self.output_views = OpenViews(_OUTPUTS_MAX, _OUTPUTS_PER_VISITOR_MAX)
        self._lock = threading.RLock()
        self._ledger: Ledger | None = None
        self._pasts: OrderedDict[str, View] = OrderedDict()

    @contextmanager
    def look(self, as_of: str | None = None) -> Iterator[View]:
        """The home as it is at this moment, or as it was; it is not altered while it is looked at.

        Args:
            as_of: a time or an entry, as typed; None: the site's own moment, or now.

        Raises:
            NoHome, ConfigInvalid, ConfigUnreadable, LedgerError: see `scheduler.ledger.view.view_of`.
            click.BadParameter: `as_of` is neither a time of the past nor an entry.
        """
        from scheduler.ledger.view import view_of

        as_of = as_of or self.as_of
        with self._lock:
            if as_of is None:
                yield view_of(self.home, opened=self._refreshed())
            else:
                yield self._past(as_of)

    def head_seq(self) -> int:
        """The last entry as of now; -1 if there is none.

        Raises:
            LedgerError: the ledger cannot be trusted or read.
        """
        with self._lock:
            ledger = self._refreshed()
            return -1 if ledger is None else ledger.state.head.seq

    def tokens(self) -> dict[str, Token]:
        """The tokens that were not revoked, by their digests, as of now."""
        with self._lock:
            ledger = self._refreshed()
            return {} if ledger is None else {each.sha256: each for each in ledger.state.tokens.values()}

    def end(self) -> None:
        """Let go of all pages to which something is sent as it comes; the console ends."""
        self.live.end()
        self.output_views.ended = True

    def close(self) -> None:
        """Let go of the ledger."""
        self.sql.close()
        self.queries.close()
        with self._lock:
            for view in self._pasts.values():
                _close(view.ledger)
            _close(self._ledger)
            self._pasts.clear()
            self._ledger = None

    def _refreshed(self) -> Ledger | None:
        """The ledger with all entries folded; None while there is none."""
        try:
            if self._ledger is None:
                with suppress(NoLedger, FileNotFoundError):
                    self._ledger = open_ledger_to_read(self.home)
            else:
                self._ledger.refresh()
        except BaseException:
            # What was folded in part is no state: the next one who looks opens it anew.
            _close(self._ledger)
            self._ledger = None
            raise
        return self._ledger

    def _past(self, as_of: str) -> View:
        from cli.home.as_of import view_as_of

        # What is typed may count from now, as `1h` does: it is another moment in a minute.
        key = as_of if as_of.isdigit() else f"{as_of} {int(time.time()) // 60}"
        view = self._pasts.pop(key, None) or view_as_of(self.home, as_of)
        self._pasts[key] = view
        if len(self._pasts) > _PASTS_MAX:
            _close(self._pasts.popitem(last=False)[1].ledger)
        return view


def _close(ledger: Ledger | None) -> None:
    if ledger is not None:
        ledger.store.close()
