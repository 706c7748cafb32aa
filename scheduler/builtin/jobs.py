"""The maintenance jobs: classes that delete the files which were last changed before the retention of their kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, Literal

from eventstore.errors import LedgerError
from eventstore.store import EventStore
from scheduler.builtin import retention
from scheduler.builtin.protected_paths import output_in_use, protected, targets
from scheduler.builtin.retention_report import RetentionTally
from scheduler.builtin.summary import sentence, summary
from scheduler.definition import Directory
from scheduler.home import Home
from scheduler.job import Job, JobCancelled, JobContext, JobResult, Metric
from scheduler.ledger import snapshot
from scheduler.ledger.ledger import Ledger
from scheduler.processes.recognition import identity
from scheduler.rules.clock_trust import ClockMark, why_not_delete
from scheduler.store import open_store_to_append
from scheduler.system_clock import SystemClock
from scheduler.vocabulary import SCHEDULER, RetentionApplied, event

_STOPPED: Final = "stopped by SIGTERM before the end"


class LedgerTrouble(Exception):
    """The ledger cannot be trusted or written; `result` says what was done all the same."""

    def __init__(self, result: JobResult) -> None:
        super().__init__(result.message)
        self.result = result


def this_boot() -> tuple[str, int]:
    """The id of this boot, and the milliseconds since it."""
    return identity.boot_id(), round(SystemClock().read().boottime_s * 1000)


class MaintenanceJob(Job):
    """A job that deletes files by their age.

    Attributes:
        kind: of what it deletes, as the ledger records it.
        unit: of its retention, which is its field `retention_UNIT`.
        directories: folders to clean beside cronledger's own, absolute or relative to the home.
        trust_clock: whether it deletes though what is on record contradicts the clock.

    Args:
        home: whose files it deletes, and in whose ledger it records that.
        ledger_id: of the ledger of which the run of its context is one; in another one it is none.
        now: the wall clock.
        boot: see `this_boot`.
    """

    supports_dry_run = True
    kind: ClassVar[Literal["sessions", "logs"]]
    unit: ClassVar[Literal["hours", "days"]]
    directories: Sequence[Directory] = ()
    trust_clock: bool = False

    def __init__(
        self,
        home: Home,
        ledger_id: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        boot: Callable[[], tuple[str, int]] = this_boot,
    ) -> None:
        self._home, self._ledger_id = home, ledger_id
        self._now, self._boot = now, boot

    @classmethod
    def retention_field(cls) -> str:
        """The name of the field, and of the config key, that says how long it keeps files, in its unit."""
        return f"retention_{cls.unit}"

    def own_folder(self, home: Home) -> retention.Target:
        """Cronledger's own folder of the job's kind."""
        raise NotImplementedError

    def run(self, ctx: JobContext) -> JobResult:
        """Delete, or with `ctx.dry_run` only count, and record it; a request to stop ends that early.

        The ledger is opened before anything is deleted: where nothing can be recorded, nothing is done. Where what is
        on record contradicts the clock, nothing is deleted either, and what would have been is said.

        Raises:
            LedgerTrouble: the ledger cannot be trusted or written.
            JobCancelled: it was asked to stop before it had begun.
        """
        applied: RetentionApplied | None = None
        result: JobResult | None = None
        try:
            # Once something is deleted, that is recorded, however long it takes.
            with closing(open_store_to_append(self._home, SCHEDULER, create=False, patience_s=None)) as store:
                run = ctx.run if ctx.run and self._ledger_id == store.ledger_id else None
                moment = self._now()
                trusted = ctx.dry_run or self.trust_clock
                refused = None if trusted else self._doubt(store, run, ClockMark(moment, *self._boot()))
                with ctx.uninterrupted():
                    applied, result = self._applied(ctx, store.ledger_id, moment, refused)
                    store.append([event(applied, _actor(store, run), job=self.name, run=run)])
                    print(summary(self.name, applied))
        except LedgerError as error:
            if applied is None or result is None:
                raise LedgerTrouble(_untouched(f"{error}; nothing was deleted")) from error
            print(summary(self.name, applied))
            result.succeeded, result.message = False, f"{error}; what was done is not in the ledger"
            raise LedgerTrouble(result) from error
        except JobCancelled:
            if result is None:
                raise
        return result

    def _doubt(self, store: EventStore, run: int | None, now: ClockMark) -> str | None:
        """Why nothing may be deleted by this clock; None if nothing on record contradicts it."""
        ledger = Ledger(store, snapshot.newest(self._home.snapshots, store))
        ledger.refresh()
        # What belongs to this run was recorded by the clock that is in question.
        before = ledger.state.head.seq if run is None else min(run - 1, ledger.state.head.seq)
        newest = next((entry.time for entry in store.read(before, before)), now.time)
        going = ledger.state.runs.get(run or 0)
        began = going.started if ledger.state.nodes and going is not None else None
        return why_not_delete(ledger.state.clock, newest, now, began)

    def _applied(
        self, ctx: JobContext, ledger_id: str, now: datetime, refused: str | None
    ) -> tuple[RetentionApplied, JobResult]:
        """Do the work, or only count it where it is refused; what is recorded of it, and what the job says."""
        home, keep_for = self._home, getattr(self, self.retention_field())
        cutoff = now - timedelta(**{self.unit: keep_for})
        dry_run = ctx.dry_run or refused is not None
        tally, keep = RetentionTally(lambda: ctx.cancelled), output_in_use(ledger_id)
        for target in (self.own_folder(home), *targets(home, self.directories)):
            retention.apply(target, cutoff, protected(home, keep), tally, dry_run=dry_run)
        applied = tally.applied(self.kind, cutoff, dry_run=dry_run, refused=refused)
        message, failed = sentence(applied), applied.failed
        if ctx.cancelled:
            tally.failed(str(home.root), _STOPPED)
            applied = tally.applied(self.kind, cutoff, dry_run=dry_run, refused=refused)
            message += f"; {_STOPPED}"
        metrics: dict[str, Metric] = {
            "deleted_bytes": applied.deleted_bytes,
            "examined": sum(folder.examined for folder in tally.folders),
            self.retention_field(): keep_for,
            "dry_run": ctx.dry_run,
        }
        if refused is not None:
            result = _untouched(message)
        else:
            result = JobResult(
                succeeded=not applied.failed,
                message=message,
                items_processed=applied.deleted,
                items_failed=failed,
                metrics=metrics,
            )
        return applied, result


class CleanupSessions(MaintenanceJob):
    """Sessions are small files that a program renews as long as they are in use."""

    name = "cleanup-sessions"
    description = "Deletes sessions that have expired."
    kind = "sessions"
    unit = "hours"
    retention_hours: int = 24

    def own_folder(self, home: Home) -> retention.Target:
        """The sessions of cronledger's own shell."""
        return retention.Target(home.sessions, None)


class LogCleanup(MaintenanceJob):
    """Logs are captured output and the log entries that are made of it; empty folders of past dates go too."""

    name = "log-cleanup"
    description = "Deletes captured output and log entries that are old."
    kind = "logs"
    unit = "days"
    retention_days: int = 30

    def own_folder(self, home: Home) -> retention.Target:
        """What jobs have printed."""
        return retention.Target(home.logs, None, dated=True)


REGISTERED: Final[dict[str, type[MaintenanceJob]]] = {job.name: job for job in (CleanupSessions, LogCleanup)}
"""By name."""


def _untouched(message: str) -> JobResult:
    """That nothing was deleted, and why."""
    return JobResult(succeeded=False, message=message, items_processed=0)


def _actor(store: EventStore, run: int | None) -> str:
    """The actor that this run was made for: a run has the number of the entry that caused it."""
    for cause in store.read(run, run) if run is not None else ():
        return cause.actor
    return SCHEDULER
