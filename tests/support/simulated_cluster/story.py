"""The story of a life, for whoever looks for the fault: one line for each thing that happened, in order."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.simulated_cluster.laws.history import CommittedEntry
from tests.support.simulated_cluster.machine import JobProcess

SHOWN = (
    "node", "former", "term", "attempt", "outcome", "reason", "retry_at", "instead_of", "trigger", "scheduled_for",
    "first", "last", "count", "error",
)  # fmt: skip
"""Members of payloads that tell the most."""


def told(notes: Iterable[str], entries: Iterable[CommittedEntry], processes: Iterable[JobProcess]) -> str:
    """Notes (each begins with its second of the timeline), entries and processes, in order."""
    lines = [(float(note.split()[0]), note) for note in notes]
    lines += [(entry.at_s, _of_entry(entry)) for entry in entries]
    lines += [(process.began_s, _of_process(process)) for process in processes]
    return "\n".join(line for _, line in sorted(lines, key=lambda each: each[0]))


def _of_entry(entry: CommittedEntry) -> str:
    words = [f"{entry.at_s:10.3f}  {entry.client:>8} {entry.seq:5} {entry.type} {entry.job}"]
    if entry.run >= 0:
        words.append(f"run {entry.run}")
    words += [f"{name}={entry.data[name]}" for name in SHOWN if name in entry.data]
    return " ".join(words)


def _of_process(process: JobProcess) -> str:
    attempt = f"run {process.run} attempt {process.attempt}"
    end = f"until {process.ends_s:.3f}, exit {process.exit_code}"
    return f"{process.began_s:10.3f}  {process.client:>8}       PROCESS of {attempt}, {end}"
