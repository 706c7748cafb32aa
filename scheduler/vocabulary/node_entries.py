"""The types of entries about nodes: the machines that share a ledger on a database, and which of them leads.

Times are those of the database's clock. A node has its name from `CRONLEDGER_NODE`, or else it is the host's.
"""

from datetime import datetime
from typing import ClassVar, Literal

from scheduler.entry_members import Claims, LockWait, Metrics, Outcome, Survivor, Trigger
from scheduler.vocabulary.payload import Payload


class NodeJoined(Payload, frozen=True):
    """A node serves this ledger from now on; or what is said of it here has changed.

    It takes at most `max_parallel` runs at once (none while it is stopping), and those of jobs whose `runs_on` is its
    name or among its `labels`. `unfit` has the jobs that it cannot run, each with the reason; `*` stands for all.
    `incarnation` names the process that serves, which tells its restart from a change. A node that was lost is no
    longer lost by it; one that is drained stays so. What was assigned to it and had not started waits to be assigned
    anew. `boottime_ms` is the machine's boot clock at that moment.
    """

    TYPE: ClassVar[str] = "node.joined"
    node: str
    host: str
    boot_id: str
    pid: int
    max_parallel: int
    incarnation: str
    labels: list[str] = []
    versions: dict[str, str] = {}
    unfit: dict[str, str] = {}
    boottime_ms: int | None = None


class NodeLeft(Payload, frozen=True):
    """A node stopped in an orderly way. If it led, nobody leads from then on. Runs that it left go on unwatched."""

    TYPE: ClassVar[str] = "node.left"
    node: str
    reason: str
    runs_stopped: int = 0
    runs_left: int = 0


class NodeLost(Payload, frozen=True):
    """The leader gave a node up that had been silent for too long (`lost_after`); or a person did, for `reason`.

    It was last heard of at `silent_since`; `silent_ms` is for how long the leader had counted its silence, or the
    time since then. A person gives up one that stopped, and will not come back to the runs that it left. The attempts
    that it had started are recorded as lost together with this entry.
    """

    TYPE: ClassVar[str] = "node.lost"
    node: str
    silent_since: datetime
    silent_ms: int
    reason: str | None = None
    claims: Claims | None = None


class NodeDrained(Payload, frozen=True):
    """A person asked that a node takes nothing new; what it has started goes on."""

    TYPE: ClassVar[str] = "node.drained"
    node: str
    reason: str = ""
    claims: Claims | None = None


class NodeResumed(Payload, frozen=True):
    """A person asked that a node that was drained takes runs again."""

    TYPE: ClassVar[str] = "node.resumed"
    node: str
    reason: str = ""
    claims: Claims | None = None


class LeaderElected(Payload, frozen=True):
    """A node leads from now on: it alone decides what falls due, what starts where, and who is lost.

    `term` is one more than that of the leader before. `former` is the node that led then, and `reason` says what
    became of it: nobody ever led (`first`); it was `silent`, since `silent_since`; it had `left`; its process had
    `restarted`.
    """

    TYPE: ClassVar[str] = "leader.elected"
    node: str
    term: int
    host: str
    boot_id: str
    pid: int
    reason: Literal["first", "silent", "left", "restarted"]
    versions: dict[str, str] = {}
    silent_since: datetime | None = None
    former: str | None = None


class RunAssigned(Payload, frozen=True):
    """The leader decided which node is to make an attempt of a run; a later one for the same attempt replaces it.

    From here on the run holds a slot of that node and its `locks`, and counts for its job's overlap as if it had
    started. `instead_of` is the node that had it and fell silent before it had started it. The other members are
    those that `run.started` repeats: for what the run had waited, and the successes of other jobs by which it may
    start.
    """

    TYPE: ClassVar[str] = "run.assigned"
    node: str
    attempt: int
    trigger: Trigger
    scheduled_for: datetime | None = None
    locks: dict[str, int] = {}
    successes: list[int] = []
    waited_behind: int | None = None
    waited_for: LockWait | None = None
    slots: list[int] = []
    instead_of: str | None = None


class RunReported(Payload, frozen=True):
    """A node that was cut off tells how an attempt ended that is lost on record. It changes no outcome.

    The members are those of `run.finished`.
    """

    TYPE: ClassVar[str] = "run.reported"
    node: str
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
    message: str | None = None
    items_processed: int | None = None
    items_failed: int | None = None
    metrics: Metrics = {}
