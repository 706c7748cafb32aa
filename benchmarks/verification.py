"""Verification of a whole ledger, against the least that it can cost: one SHA-256 over the same bytes."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import generate
from eventstore import list_segments, segment_name, verify
from scheduler.home import Home

ENTRIES_PER_S_MIN = 1_000_000
_READ_BYTES = 1 << 20


def run(bench: Bench) -> list[Line]:
    """Measure it on a ledger that is in the file cache."""
    with bench.room("verify") as room:
        home = Home(room)
        entries = generate(home, bench.of(600, 600_000, 3_000_000)).seq + 1
        bench.note(f"verifying {entries:,} entries")
        ours, one_worker, sha = [], [], []
        for _ in range(bench.of(1, 3, 5)):
            ours.append(entries / _verify(home.ledger, None))
            one_worker.append(entries / _verify(home.ledger, 1))
            sha.append(entries / _sha256(home.ledger))
    mine, alone, digest = median(ours), median(one_worker), median(sha)
    return [
        Line(
            "verify the whole chain",
            f"{number(mine)} entries/s",
            f"sha256 of the same bytes, one core: {number(digest)} entries/s",
            mine / digest,
            f"≥ {ENTRIES_PER_S_MIN:,} entries/s",
            mine >= ENTRIES_PER_S_MIN,
        ),
        Line("… on one core", f"{number(alone)} entries/s", "the same", alone / digest),
    ]


def _verify(folder: Path, workers: int | None) -> float:
    begun_s = time.perf_counter()
    report = verify(folder, workers=workers)
    taken_s = time.perf_counter() - begun_s
    if not report.ok:
        raise RuntimeError(f"the generated ledger is damaged: {report.first_damage}")
    return taken_s


def _sha256(folder: Path) -> float:
    digest = hashlib.sha256()
    begun_s = time.perf_counter()
    for first in list_segments(folder):
        with open(folder / segment_name(first), "rb") as segment:
            while chunk := segment.read(_READ_BYTES):
                digest.update(chunk)
    return time.perf_counter() - begun_s
