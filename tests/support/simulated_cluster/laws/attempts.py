"""An attempt is started at most once, by the node to which it was assigned, and its end is on record once, truly."""

from __future__ import annotations

from collections.abc import Collection

from tests.support.simulated_cluster.laws.history import CommittedEntry, History
from tests.support.simulated_cluster.machine import JobProcess

MOMENT_S = 0.1
REAL_OUTCOMES = ("succeeded", "failed")
"""What only a process can have come to."""

Key = tuple[int, int]


class RecordedAttempt:
    """What the ledger says of one attempt, in the order of its entries."""

    def __init__(self) -> None:
        self.assigned: CommittedEntry | None = None
        self.started: CommittedEntry | None = None
        self.finished: CommittedEntry | None = None
        self.reported: CommittedEntry | None = None


def recorded_attempts(history: History) -> dict[Key, RecordedAttempt]:
    """All attempts, by run and number.

    Raises:
        AssertionError: one is started or finished twice, or started where it was not assigned, or ends unstarted.
    """
    attempts: dict[Key, RecordedAttempt] = {}
    for entry in history.entries:
        if entry.type in ("run.assigned", "run.started", "run.finished", "run.reported"):
            attempt = attempts.setdefault((entry.run, entry.data["attempt"]), RecordedAttempt())
            _take(attempt, entry, f"entry {entry.seq}, run {entry.run} attempt {entry.data['attempt']}")
    return attempts


def _take(attempt: RecordedAttempt, entry: CommittedEntry, where: str) -> None:
    match entry.type:
        case "run.assigned":
            assert attempt.started is None, f"{where}: it is assigned although it has started"
            attempt.assigned = entry
        case "run.started":
            assert attempt.started is None, f"{where}: it starts twice on record"
            assert attempt.assigned is not None, f"{where}: it starts and was never assigned"
            assigned_to = attempt.assigned.data["node"]
            assert entry.data["node"] == assigned_to, f"{where}: it was assigned to {assigned_to}"
            assert entry.node == assigned_to, f"{where}: {entry.client} says that {assigned_to} starts it"
            attempt.started = entry
        case "run.finished" if entry.data.get("closes") is None:
            assert attempt.started is not None, f"{where}: it ends and never started"
            assert attempt.finished is None, f"{where}: it ends twice on record"
            attempt.finished = entry
        case "run.reported":
            lost = attempt.finished is not None and attempt.finished.data["outcome"] == "lost"
            assert lost, f"{where}: it is reported and is not lost on record"
            assert attempt.reported is None, f"{where}: it is reported twice"
            attempt.reported = entry
        case _:
            pass


def check_attempts(history: History) -> None:
    """The laws of attempts.

    Raises:
        AssertionError: one of them does not hold.
    """
    attempts = recorded_attempts(history)
    processes: dict[Key, JobProcess] = {}
    for process in history.processes:
        where = (
            f"run {process.run} attempt {process.attempt}, started on {process.node} at {process.began_s:.3f}"
        )
        assert process.key not in processes, f"{where}, was started on {processes[process.key].node} before"
        processes[process.key] = process
        _check_process(process, attempts.get(process.key, RecordedAttempt()), where, history.lost_after_s)
    given_up = {(each.commit, each.data["node"]) for each in history.entries if each.type == "node.lost"}
    for key, attempt in attempts.items():
        if attempt.finished is not None:
            _check_end(attempt.finished, processes.get(key), given_up)
        elif attempt.started is not None:
            raise AssertionError(f"run {key[0]} attempt {key[1]} has no end on record")


def _check_process(process: JobProcess, attempt: RecordedAttempt, where: str, lost_after_s: float) -> None:
    started = attempt.started
    assert started is not None, f"{where}, is not on record as started"
    assert started.at_s <= process.asked_s, f"{where}, began before that was recorded"
    assert started.client == process.client, f"{where} by {process.client}, is on record by {started.client}"
    finished = attempt.finished
    assert finished is None or finished.at_s >= process.asked_s, f"{where}, was over on record"
    silent_s = process.asked_s - process.renewed_s
    assert silent_s <= lost_after_s / 2 + MOMENT_S, (
        f"{where}, {silent_s:.1f} s after the node was last heard of"
    )


def _check_end(
    finished: CommittedEntry, process: JobProcess | None, given_up: Collection[tuple[int, str]]
) -> None:
    """What is recorded of an end is what became of the process; `given_up`: nodes, and by which append."""
    outcome = finished.data["outcome"]
    where = f"entry {finished.seq}, run {finished.run}: {outcome}"
    if outcome == "succeeded":
        assert process is not None, f"{where}, and it was never started"
        assert process.exit_code == 0, f"{where}, and its process ended with {process.exit_code}"
    if outcome in REAL_OUTCOMES and process is not None:
        assert process.ends_s <= finished.at_s, f"{where}, and its process goes on"
    if outcome in ("lost", "unknown") and process is not None:
        alive = process.began_s <= finished.at_s < process.ends_s
        lost_with_node = (finished.commit, process.node) in given_up
        assert finished.client != process.client, f"{where}, though its starter saw it end"
        assert lost_with_node or not alive, f"{where}, and its process runs on {process.node}, which serves"


def check_runs(history: History) -> None:
    """Every run that was owed came to one end.

    Raises:
        AssertionError: one came to none, or to two.
    """
    owed: dict[int, CommittedEntry] = {}
    over: dict[int, int] = {}
    for entry in history.entries:
        where = f"entry {entry.seq}, run {entry.run}"
        if entry.type in ("schedule.ticked", "run.requested"):
            owed[entry.run] = entry
        elif entry.type == "run.skipped" or (
            entry.type == "run.finished" and entry.data.get("retry_at") is None
        ):
            assert entry.run not in over, f"{where} was over since entry {over[entry.run]}"
            over[entry.run] = entry.seq
    left = [run for run in owed if run not in over]
    assert not left, f"runs {left} never came to an end"
