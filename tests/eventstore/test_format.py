"""Format 1, by its own specification: the worked example, and the golden ledger that must be read for ever."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

import eventstore
from eventstore.entry import parse_lines
from eventstore.genesis import LedgerCreated
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.recovery import LedgerRecovered
from eventstore.store import GENESIS
from eventstore.verify import verify
from tests.eventstore import golden_maker
from tests.support.disks import FastDisk
from tests.support.journal import SEGMENT_0, copy_of, event, snapshot
from tests.support.ledger_check import check_ledger
from tests.support.merkle_oracle import tree_hash

_GOLDEN = Path(__file__).with_name("golden") / "format-1"


def _worked_example() -> list[bytes]:
    """The lines of the example in the package's docstring, unwrapped as it says."""
    assert eventstore.__doc__ is not None
    text = re.search(r"Worked example\n.*?\n\n(.*?)\n\n    and how", eventstore.__doc__, re.DOTALL)
    assert text is not None
    joined = "".join(line.lstrip() for line in text[1].splitlines())
    return [line.encode() for line in re.findall(r'\{"seq":.*?"hash":"[0-9a-f]{64}"\}', joined)]


def test_the_worked_example_is_right() -> None:
    """Hashes, links and positions of the specification's example are as it says, by plain hashlib and json."""
    lines = _worked_example()
    assert len(lines) == 3
    prev = "0" * 64
    for seq, line in enumerate(lines):
        entry = json.loads(line)
        assert entry["seq"] == seq
        assert entry["prev"] == prev
        assert entry["durable"] == seq
        assert entry["hash"] == sha256(line[: line.index(b',"hash":')]).hexdigest()
        prev = entry["hash"]
    assert json.loads(lines[0])["data"]["format"] == 1
    assert json.loads(lines[1])["job"] == "café"


def test_the_worked_example_is_a_ledger(tmp_path: Path) -> None:
    """The example's bytes in a file are a ledger that this version reads, verifies and goes on with."""
    (tmp_path / SEGMENT_0).write_bytes(b"\n".join(_worked_example()) + b"\n")
    entries = parse_lines(b"\n".join(_worked_example()) + b"\n", 0, GENESIS)
    assert [entry.run for entry in entries] == [None, 1, 1]
    with Journal.open(tmp_path, software="test") as journal:
        assert list(journal.read(0)) == entries
        journal.append([event(1)])
    assert len(check_ledger(tmp_path)) == 4


def test_the_worked_example_has_the_tree_that_the_page_says(tmp_path: Path) -> None:
    """`docs/ledger-format.md` has the hashes of its leaves, its roots, and a line for the shell."""
    page = (Path(__file__).parents[2] / "docs" / "ledger-format.md").read_text(encoding="utf-8")
    lines = _worked_example()
    told = dict(re.findall(r"^(leaf [0-2]|root of size [1-3]) +([0-9a-f]{64})$", page, flags=re.MULTILINE))
    assert told == {f"leaf {seq}": tree_hash([line]).hex() for seq, line in enumerate(lines)} | {
        f"root of size {size}": tree_hash(lines[:size]).hex() for size in (1, 2, 3)
    }
    assert "whose lines have {}, {} and {} bytes".format(*map(len, lines)) in page
    (tmp_path / SEGMENT_0).write_bytes(b"\n".join(lines) + b"\n")
    command = re.search(r"^    (\(printf .*sha256sum)$", page, flags=re.MULTILINE)
    assert command is not None
    done = subprocess.run(["sh", "-c", command[1]], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == told["leaf 2"]


def test_the_worked_example_can_be_checked_in_a_shell(tmp_path: Path) -> None:
    """The command that the specification gives prints the hash of entry 2."""
    assert eventstore.__doc__ is not None
    (tmp_path / SEGMENT_0).write_bytes(b"\n".join(_worked_example()) + b"\n")
    command = re.search(r"sed -n 3p .*", eventstore.__doc__)
    assert command is not None
    ran = subprocess.run(command[0], shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.split()[0] == json.loads(_worked_example()[2])["hash"]


def test_the_golden_ledger_verifies(tmp_path: Path) -> None:
    """A ledger that an earlier version wrote is sound to this one, as it lies there."""
    report = verify(_GOLDEN)
    assert (report.ok, report.torn, report.entries, report.segments, report.sealed) == (True, None, 9, 3, 2)
    assert report.head.hash == "766265aea72bcef27c421746f8c82e9a922ab62394a3fedb7e6cafaf845fc1e5"
    assert report.recoveries == [7]
    assert len(check_ledger(_GOLDEN)) == 9


def test_the_golden_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Types, subjects and payloads of the golden ledger mean what they meant."""
    before = snapshot(_GOLDEN)
    with LedgerReader.open(_GOLDEN) as journal:
        entries = list(journal.read(0))
    assert snapshot(_GOLDEN) == before
    assert [(entry.type, entry.actor, entry.job, entry.run) for entry in entries] == [
        ("ledger.created", "scheduler", None, None),
        ("scheduler.started", "scheduler", None, None),
        ("job.defined", "config", "naïve 日本 😀", None),
        ("schedule.ticked", "scheduler", "nightly", 3),
        ("schedule.ticked", "scheduler", "nightly", 4),
        ("schedule.ticked", "scheduler", "nightly", 5),
        ("run.finished", "user:ann@example", "nightly", 3),
        ("ledger.recovered", "scheduler", None, None),
        ("scheduler.stopped", "scheduler", None, None),
    ]
    assert entries[0].time.isoformat() == "2026-11-23T02:00:01.000001+00:00"
    created = msgspec.json.decode(entries[0].data, type=LedgerCreated)
    assert (created.ledger, created.format, created.entries_per_segment) == (f"{0xC0FFEE:032x}", 1, 4)
    assert msgspec.json.decode(entries[6].data) == {
        "error": None,
        "ratio": 0.1,
        "big": 2**53,
        "text": 'q"\\/\n\t\x00\x7f\u2028é',
        "list": [[], {}],
    }
    recovered = msgspec.json.decode(entries[7].data, type=LedgerRecovered)
    torn = (_GOLDEN / "quarantine" / f"{recovered.seq:020d}-{recovered.offset}.torn").read_bytes()
    assert (recovered.bytes, recovered.sha256) == (len(torn), sha256(torn).hexdigest())


def test_the_golden_ledger_goes_on(tmp_path: Path) -> None:
    """This version appends to a copy of the golden ledger."""
    folder = copy_of(_GOLDEN, tmp_path / "ledger")
    with Journal.open(folder, software="test", disk=FastDisk()) as journal:
        assert journal.ledger_id == f"{0xC0FFEE:032x}"
        journal.append([event(number) for number in range(5)])
    assert len(check_ledger(folder)) == 14


def test_the_golden_ledger_would_be_written_again(tmp_path: Path) -> None:
    """The same events at the same times become the same bytes today."""
    golden_maker.make(tmp_path / "ledger")
    assert golden_maker.kept_files(tmp_path / "ledger") == golden_maker.kept_files(_GOLDEN)


def test_the_package_gives_no_names() -> None:
    """Who needs one imports its room, and loads that one alone."""
    program = "import sys, eventstore; print([name for name in sys.modules if name.startswith('eventstore')])"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ran.stdout == "['eventstore']\n"


@pytest.mark.parametrize(
    "module", ["duckdb", "click", "rich", "croniter", "concurrent.futures", "dataclasses", "json"]
)
def test_opening_a_journal_imports_nothing_heavy(module: str) -> None:
    """The ledger stands on msgspec and the cheap part of the standard library."""
    program = f"import sys, eventstore.journal; sys.exit({module!r} in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], check=False)
    assert ran.returncode == 0
