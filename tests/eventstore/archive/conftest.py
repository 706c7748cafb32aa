"""A ledger of small segments, whole and with some of them archived."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from eventstore.archive.retrieval import release
from tests.support.archived_ledger import archive
from tests.support.disks import FastDisk
from tests.support.journal import event, open_journal

ENTRIES = 62
SEGMENT_ENTRIES = 8
GONE = (8, 16, 24, 40)
"""The segments that are archived: three neighbours, and one for itself."""


class Archived(NamedTuple):
    """The same ledger twice.

    Attributes:
        folder: with archived segments.
        whole: with all of them.
        volume: where the archived ones are.
        entry: the one that records it.
    """

    folder: Path
    whole: Path
    volume: Path
    entry: int


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test read of archives is forgotten after it."""
    yield
    release()


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archived")
    with open_journal(root / "ledger", disk=FastDisk(), segment_entries=SEGMENT_ENTRIES) as journal:
        for number in range(ENTRIES):
            journal.append([event(number, note="x" * (number * 37 % 400))])
    return root


@pytest.fixture
def archived(_made: Path, ram: Path) -> Archived:
    """The ledger with archived segments, and the same whole."""
    folder, whole, volume = ram / "ledger", ram / "whole", ram / "volume"
    shutil.copytree(_made / "ledger", folder)
    before = {first: (folder / f"{first:020d}.jsonl").read_bytes() for first in GONE}
    entry = archive(folder, volume, GONE)
    shutil.copytree(folder, whole)
    for first, raw in before.items():
        (whole / f"{first:020d}.jsonl").write_bytes(raw)
        (whole / f"{first:020d}.archived").unlink()
    return Archived(folder, whole, volume, entry)
