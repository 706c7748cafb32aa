"""The types of entries about a run, from its request to its end."""

from datetime import datetime
from typing import ClassVar, Literal

from scheduler.entry_members import Claims, LockWait, Metrics, Outcome, SkipReason, Survivor, Trigger
from scheduler.vocabulary.payload import Payload


class RunRequested(Payload, frozen=True):
    """A person asked for a run, with these `params`; the run's number is this entry's `seq`.

    It makes run `retry_of` again, if there is one, of which `original_scheduled_for` is the instant. The scheduler
    asks so itself for a run that was skipped since a job before it had not succeeded, once that was made again and
    did: `successes` has the `seq` of the entries that say so. `with_dependents`: if it succeeds, the jobs that run
    after this one follow, for the moment of the request.
    """

    TYPE: ClassVar[str] = "run.requested"
    executor: Literal["scheduler", "self"]
    reason: str = ""
    parameters: list[str] = []
    claims: Claims | None = None
    params: dict[str, str] = {}
    retry_of: int | None = None
    original_scheduled_for: datetime | None = None
    with_dependents: bool = False
    successes: list[int] = []


class RunCancelRequested(Payload, frozen=True):
    """A person asked to stop a run; or the scheduler did, for the run `replaced_by` takes its place."""

    TYPE: ClassVar[str] = "run.cancel_requested"
    reason: str = ""
    claims: Claims | None = None
    replaced_by: int | None = None


class RunStarted(Payload, frozen=True):
    """An attempt begins.

    It is durable before the process exists: after a crash in between, the run is lost, never doubled.

    `executor_pid` and `executor_start_ticks` (field 22 of `/proc/PID/stat`) identify who watches the process.
    `pid_namespace` is the inode of the namespace in which that number means it (`/proc/self/ns/pid`).
    `secret_sha256` is the digest of what its processes carry as `CRONLEDGER_SECRET`. `params` has the values with
    which it starts, those of secret parameters left out. `locks` are those that it holds from now on, each with the
    number of runs that could hold it then; `waited_for` is the one for which it had waited last: its `name`, and the
    numbers of the runs that held it (`holders`, at most 16), or of an older run that waited for it too (`behind`).
    `waited_behind` is the run of its job for whose end it had waited last; `slots` has the numbers of the runs that
    held all slots while it waited for one, the oldest 16. `successes` has the `seq` of the entries with which the
    jobs last succeeded that had to before it (`after` with `within`): for those above its own number it had waited.
    `node` is the one that makes it, where several share the ledger.
    """

    TYPE: ClassVar[str] = "run.started"
    attempt: int
    trigger: Trigger
    command_sha256: str
    host: str
    boot_id: str
    executor_pid: int
    executor_start_ticks: int
    scheduled_for: datetime | None = None
    secret_sha256: str | None = None
    pid_namespace: int | None = None
    params: dict[str, str] = {}
    locks: dict[str, int] = {}
    waited_for: LockWait | None = None
    successes: list[int] = []
    waited_behind: int | None = None
    slots: list[int] = []
    node: str | None = None


class RunAdopted(Payload, frozen=True):
    """A run outlived the process that watched it: this one watches it from now on. `node` is its node."""

    TYPE: ClassVar[str] = "run.adopted"
    attempt: int
    host: str
    boot_id: str
    executor_pid: int
    executor_start_ticks: int
    pid_namespace: int | None = None
    node: str | None = None


class RunFinished(Payload, frozen=True):
    """An attempt ended: everything that a row of history needs.

    `exit_code` or `signal`, whichever ended the process, where that is known; no `duration_ms` where nobody knows
    when it ended. Output is hashed whole. `survivors` are descendants that could not be stopped.

    `retry_at`: only this attempt ended, and the run waits until then to make its next one. `closes`: no attempt
    ended, but such a wait, which began with the entry of that `seq`; the rest tells of the last attempt, but for an
    outcome `cancelled`. `because_of` is the `seq` of the entry that ended the wait, if one did. The members
    from `message` to `metrics` are what a Python job said of itself. `node` is the one that made the attempt, where
    several share the ledger.
    """

    TYPE: ClassVar[str] = "run.finished"
    trigger: Trigger
    started: datetime
    outcome: Outcome
    attempt: int
    scheduled_for: datetime | None = None
    duration_ms: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    cpu_ms: int | None = None
    memory_peak_bytes: int | None = None
    stdout_bytes: int = 0
    stdout_sha256: str | None = None
    stderr_bytes: int = 0
    stderr_sha256: str | None = None
    error: str | None = None
    survivors: list[Survivor] = []
    retry_at: datetime | None = None
    closes: int | None = None
    because_of: int | None = None
    message: str | None = None
    items_processed: int | None = None
    items_failed: int | None = None
    metrics: Metrics = {}
    node: str | None = None


class RunSkipped(Payload, frozen=True):
    """A run was owed and deliberately not made. `because_of` is the `seq` of the entry that shows why.

    `overlap`: the number of the run that was in the way; where that had not started, because all slots were taken,
    `slots` has the numbers of the runs that held them, the oldest 16. `catch_up`: it was still owed when the
    scheduler stopped, and the job's catch-up policy does not want it after the restart. `deadline`: it could not
    start in time (`start_deadline`); `slots` as for `overlap`. `lock`, as `waited_for` of `run.started`: in place of
    slots, a lock was what kept it, or the run in its way, from starting. `superseded`: the number of a newer run of
    the job that takes its place (`overlap: replace`). `upstream`: the entry by which a job that had to
    succeed before did not.
    """

    TYPE: ClassVar[str] = "run.skipped"
    reason: SkipReason
    trigger: Trigger
    scheduled_for: datetime | None = None
    because_of: int | None = None
    slots: list[int] = []
    lock: LockWait | None = None
