"""Verification of a whole ledger, chain and tree, against the least that it can cost: the SHA-256 calls alone."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import generate
from eventstore.entry import HASH_SUFFIX_BYTES, lines_of
from eventstore.segment import list_segments, segment_name
from eventstore.verify import verify
from eventstore.worker_processes import done_by_processes
from scheduler.home import Home

RATIO_MIN = 0.6
_NODE = bytes(65)


def run(bench: Bench) -> list[Line]:
    """Measure it on a ledger that is in the file cache; the references share the processors in the same way."""
    with bench.room("verify") as room:
        home = Home(room)
        entries = generate(home, bench.of(600, 600_000, 3_000_000)).seq + 1
        bench.note(f"verifying {entries:,} entries")
        chain, both, alone, bare = [], [], [], []
        for _ in range(bench.of(1, 3, 5)):
            chain.append(entries / _verify(home.ledger, None, tree=False))
            both.append(entries / _verify(home.ledger, None, tree=True))
            bare.append(entries / _bare_s(home.ledger))
            alone.append(entries / _verify(home.ledger, 1, tree=True))
    mine, tree, calls = median(chain), median(both), median(bare)
    return [
        Line("verify the whole chain", f"{number(mine)} entries/s"),
        Line(
            "… chain and tree",
            f"{number(tree)} entries/s",
            f"the SHA-256 calls alone, on as many cores: {number(calls)} entries/s",
            tree / calls,
            f"≥ {RATIO_MIN} of them",
            tree / calls >= RATIO_MIN,
        ),
        Line("… chain and tree, on one core", f"{number(median(alone))} entries/s"),
    ]


def _verify(folder: Path, workers: int | None, *, tree: bool) -> float:
    begun_s = time.perf_counter()
    report = verify(folder, workers=workers, sizes=() if tree else None)
    taken_s = time.perf_counter() - begun_s
    if not report.ok:
        raise RuntimeError(f"the generated ledger is damaged: {report.first_damage}")
    return taken_s


def _bare_s(folder: Path) -> float:
    """How long nothing but reading and hashing takes: for each entry one call for the chain, a leaf and a node."""
    segments = [folder / segment_name(first) for first in list_segments(folder)]
    is_much = sum(path.stat().st_size for path in segments) >= 48 * 1024 * 1024
    begun_s = time.perf_counter()
    for _ in done_by_processes(_hash, segments, None, is_much=is_much):
        pass
    return time.perf_counter() - begun_s


def _hash(segment: Path) -> int:
    lines = lines_of(segment.read_bytes())
    for line in lines:
        sha256(line[:-HASH_SUFFIX_BYTES]).digest()
        sha256(b"\0" + line).digest()
        sha256(_NODE).digest()
    return len(lines)
