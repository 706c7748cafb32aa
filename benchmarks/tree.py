"""The Merkle tree of a long ledger from nothing, against the SHA-256 calls that it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from hashlib import sha256

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import long_home
from benchmarks.homes import cronledger
from eventstore import SEGMENT_ENTRIES
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.merkle_tree import LeafRange
from scheduler.home import Home

TAKEN_S_MAX = 30.0
_NODE = bytes(65)


def run(bench: Bench) -> list[Line]:
    """Measure it as a whole process, on a ledger that is in the file cache as far as there is room."""
    entries = bench.of(1_200, 100_000, 10_000_000)
    home = long_home(bench, entries)
    bench.note(f"making the tree of {entries:,} entries")
    taken_s, bare_s = [], []
    for _ in range(bench.of(1, 2, 3)):
        shutil.rmtree(home.tree, ignore_errors=True)
        begun_s = time.perf_counter()
        subprocess.run(cronledger(home, "ledger", "tree"), check=True, capture_output=True)
        taken_s.append(time.perf_counter() - begun_s)
        bare_s.append(_bare_s(home, entries))
    shutil.rmtree(home.tree)
    mine, reference = median(taken_s), median(bare_s)
    cores = len(os.sched_getaffinity(0))
    return [
        Line(
            f"the tree of {entries:,} entries from nothing",
            f"{number(mine)} s",
            f"its SHA-256 calls alone, on {cores} cores: {number(reference)} s",
            reference / mine,
            f"≤ {TAKEN_S_MAX:.0f} s",
            mine <= TAKEN_S_MAX,
        )
    ]


def _bare_s(home: Home, entries: int) -> float:
    """How long nothing but the hashing takes, one call for each leaf and for each node, if all cores share it."""
    sample = min(entries, SEGMENT_ENTRIES)
    leaves = LedgerLeaves(home.ledger, SEGMENT_ENTRIES)
    lines = [line for block in leaves.blocks(LeafRange(0, sample)) for line in block]
    begun_s = time.perf_counter()
    for line in lines:
        sha256(line).digest()
        sha256(_NODE).digest()
    return (time.perf_counter() - begun_s) * entries / sample / len(os.sched_getaffinity(0))
