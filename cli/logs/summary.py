"""Counts of log entries by level, by job and by day: which jobs log most, and which fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from cli.logs.words import TONES
from cli.terminal.console import out
from cli.terminal.tables import Cell, Column, table
from scheduler.logs.collection.ledger_entries import FAILED
from scheduler.logs.storage.entry import LEVELS, LogEntry

_SHOWN_MAX = 10


class LogSummary:
    """Counts of entries."""

    def __init__(self, entries: Iterable[LogEntry]) -> None:
        self._levels: Counter[str] = Counter()
        self._days: Counter[tuple[str, str]] = Counter()
        self._jobs: Counter[tuple[str, str]] = Counter()
        self._failures: Counter[str] = Counter()
        for entry in entries:
            self._levels[entry.level] += 1
            self._days[entry.time[:10], entry.level] += 1
            if entry.job is not None:
                self._jobs[entry.job, entry.level] += 1
                if entry.stream == "scheduler" and entry.message.startswith(FAILED):
                    self._failures[entry.job] += 1

    @property
    def total(self) -> int:
        """How many entries there are."""
        return self._levels.total()

    def document(self) -> dict[str, Any]:
        """The counts for programs, as one JSON document."""
        return {
            "entries": self.total,
            "levels": {level: self._levels[level] for level in LEVELS},
            "jobs": [
                {"job": job, "entries": total, "levels": levels, "failed_runs": self._failures[job]}
                for job, total, levels in _grouped(self._jobs)
            ],
            "days": [
                {"day": day, "entries": total, "levels": levels}
                for day, total, levels in sorted(_grouped(self._days))
            ],
        }

    def show(self) -> None:
        """Print the counts for people."""
        levels: list[list[Cell | str]] = [
            [Cell(level, TONES[level]), f"{self._levels[level]:,}"] for level in reversed(LEVELS)
        ]
        table((Column("LEVEL", keep=True), Column("ENTRIES", right=True, keep=True)), levels)
        jobs = _grouped(self._jobs)
        _section("the noisiest jobs", "JOB", [_row(*group) for group in jobs[:_SHOWN_MAX]], len(jobs))
        failing: list[list[Cell | str]] = [
            [job, Cell(f"{count:,}", "bad")] for job, count in self._failures.most_common(_SHOWN_MAX)
        ]
        if failing:
            out("\nthe jobs that failed")
            table((Column("JOB"), Column("FAILED RUNS", right=True, keep=True)), failing)
        days = sorted(_grouped(self._days), reverse=True)
        _section("by day (UTC)", "DAY", [_row(*group) for group in days[:_SHOWN_MAX]], len(days))


def _grouped(counts: Counter[tuple[str, str]]) -> list[tuple[str, int, dict[str, int]]]:
    """Each name with its total and its counts by level; the largest total first."""
    groups: dict[str, dict[str, int]] = {}
    for (name, level), count in counts.items():
        groups.setdefault(name, dict.fromkeys(LEVELS, 0))[level] = count
    return sorted(
        ((name, sum(levels.values()), levels) for name, levels in groups.items()),
        key=lambda group: (-group[1], group[0]),
    )


def _row(name: str, total: int, levels: dict[str, int]) -> list[Cell | str]:
    bad = levels["error"] + levels["critical"]
    return [
        name,
        f"{total:,}",
        Cell(f"{bad:,}", "bad" if bad else "plain"),
        Cell(f"{levels['warning']:,}", "warn" if levels["warning"] else "plain"),
    ]


def _section(title: str, name: str, rows: list[list[Cell | str]], total: int) -> None:
    if not rows:
        return
    out(f"\n{title}" + (f", {len(rows)} of {total:,}" if total > len(rows) else ""))
    counts = (Column(word, right=True, keep=True) for word in ("ENTRIES", "ERRORS", "WARNINGS"))
    table((Column(name), *counts), rows)
