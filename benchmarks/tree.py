"""The Merkle tree of a long ledger from nothing, against the SHA-256 calls that it needs; and proofs from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import generate, long_home
from benchmarks.homes import cronledger, taken_ms_by
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.merkle_tree import LeafRange, TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Signer
from eventstore.segment import SEGMENT_ENTRIES
from scheduler.home import Home

TAKEN_S_MAX = 30.0
PROVEN_MS_MAX = 300.0
RATIO_MAX = 1.3
_NODE = bytes(65)


def run(bench: Bench) -> list[Line]:
    """Measure it as a whole process, on a ledger that is in the file cache as far as there is room."""
    entries = bench.of(1_200, 100_000, 10_000_000)
    home = long_home(bench, entries)
    bench.note(f"making the tree of {entries:,} entries")
    taken_s, bare_s = [], []
    shutil.rmtree(home.tree, ignore_errors=True)
    # Trees are removed at the end: ext4 is slow at making files for a minute after many were removed.
    earlier = [home.tree.with_name(f"tree-{number}") for number in range(bench.of(1, 2, 3))]
    for aside in earlier:
        if home.tree.exists():
            home.tree.rename(aside)
        taken_s.append(taken_ms_by(home, "ledger", "tree") / 1000)
        bare_s.append(_bare_s(home, entries))
    proofs = _proofs(bench, home, entries)
    for tree in (home.tree, *earlier):
        shutil.rmtree(tree, ignore_errors=True)
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
        ),
        proofs,
    ]


def _proofs(bench: Bench, long: Home, entries: int) -> Line:
    """A proof as a whole process, out of many entries and out of few, in turns."""
    few = bench.of(600, 10_000, 10_000)
    with bench.room("tree") as room:
        short = Home(room / "short")
        generate(short, few)
        signed = {long: _signed(long, room / "long"), short: _signed(short, room / "few")}
        taken_ms: dict[Home, list[float]] = {home: [] for home in signed}
        for number_of_round in range(bench.of(1, 7, 15)):
            for home, (size, checkpoint) in signed.items():
                seq = size * number_of_round // 16
                arguments = ("ledger", "prove", str(seq), "--checkpoint", str(checkpoint))
                taken_ms[home].append(taken_ms_by(home, *arguments))
    mine, reference = median(taken_ms[long]), median(taken_ms[short])
    return Line(
        f"`ledger prove`, {entries:,} entries",
        f"{number(mine)} ms",
        f"{few:,} entries {number(reference)} ms",
        mine / reference,
        f"≤ {PROVEN_MS_MAX:.0f} ms and ≤ {RATIO_MAX} times it",
        mine <= PROVEN_MS_MAX and mine / reference <= RATIO_MAX,
    )


def _signed(home: Home, path: Path) -> tuple[int, Path]:
    """A checkpoint of the ledger as it is, and how many entries it is of."""
    command = cronledger(home, "ledger", "tree", "--json")
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    text = Checkpoint("example.com/log", TreeHead(told["size"], b64decode(told["root"]))).text
    path.write_bytes(Note(text, (Signer("example.com/log", bytes(32)).sign(text),)).raw)
    return told["size"], path


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
