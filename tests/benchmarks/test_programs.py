from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import herd_contenders
from benchmarks.__main__ import PROGRAMS
from benchmarks.bench import Bench, remove
from benchmarks.figures import Line
from benchmarks.generate import ENTRIES_PER_RUN, generate
from eventstore.verify import verify
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import open_ledger_to_read
from scheduler.rules.evolve import fold
from scheduler.rules.state import State

WITHOUT_A_SHIFTED_DATE = {"searching": pytest.mark.unshifted("zgrep does not run under libfaketime")}
CASES = [pytest.param(name, marks=WITHOUT_A_SHIFTED_DATE.get(name, ())) for name in PROGRAMS]


def measured(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """What a comparison measures; a busy machine gets more time from the start of a scheduler to its instant."""
    for lead_s in (2.0, 20.0, 120.0):
        monkeypatch.setattr(herd_contenders, "LEAD_S", lead_s)
        monkeypatch.setattr(herd_contenders, "HERD_MAX_S", 2 * lead_s + 15)
        try:
            return importlib.import_module(f"benchmarks.{name}").run(Bench(folder, "tiny"))  # type: ignore[no-any-return]
        except TimeoutError:
            for left in folder.iterdir():
                remove(left)
    raise AssertionError("no lead was long enough")


@pytest.fixture
def place(name: str, tmp_path: Path) -> Iterator[Path]:
    """Where a program measures: one with a database where another user comes through too."""
    if name != "cluster":
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="cronledger-bench-") as folder:
        yield Path(folder)


@pytest.mark.real
@pytest.mark.parametrize("name", CASES)
def test_each_program_measures_at_a_tiny_size(
    place: Path, name: str, monkeypatch: pytest.MonkeyPatch, hunt: bool
) -> None:
    """Every comparison runs to its end without the peers, and its lines carry figures."""
    if name == "cluster" and not hunt:
        pytest.skip("a hunt shows it: several starts of three nodes, which others show too")
    lines = measured(name, place, monkeypatch)
    assert lines
    assert all(line.what and line.ours for line in lines)
    assert all((line.reached is None) == (not line.aim) for line in lines)
    # Only the long ledger that the comparisons share is left.
    assert all(path.name.startswith(("long-", "programs-")) for path in place.iterdir())


def test_a_generated_ledger_is_sound(tmp_path: Path) -> None:
    """Every byte of a generated ledger verifies, and it is as long as was asked for."""
    home = Home(tmp_path)
    head = generate(home, 1_000, jobs=7)
    report = verify(home.ledger)
    assert report.ok
    assert report.torn is None
    assert report.entries == head.seq + 1
    assert 1_000 <= report.entries < 1_000 + 2 * ENTRIES_PER_RUN * 7


def test_a_generated_snapshot_is_what_the_fold_says(tmp_path: Path) -> None:
    """Opened with its snapshot, a generated home has the state that folding every entry yields."""
    home = Home(tmp_path)
    generate(home, 20_000, jobs=5)
    ledger: Ledger = open_ledger_to_read(home)
    assert ledger.state == fold(State(), ledger.store.read(0))
    assert len(list(home.snapshots.iterdir())) == 2
