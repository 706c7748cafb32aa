"""Which code is changed, and which tests must notice: the table of areas."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("eventstore", "scheduler", "projections", "cli")
BESIDE = ("README.md", "docs")
"""What the tests read beside the packages."""


class Area(NamedTuple):
    """Modules whose mutants the same tests must kill.

    Attributes:
        folder: where the modules are.
        tests: the files and folders of tests. Of these, a mutant is shown to the tests that run the function which it
            changes: that is measured, and no table to keep.
        without: what tells pytest to leave some of them out.
    """

    folder: str
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()

    def modules(self, patterns: list[str]) -> list[str]:
        """The files of this area that one of the patterns names, all of them if there is no pattern."""
        files = (str(path.relative_to(ROOT)) for path in sorted((ROOT / self.folder).rglob("*.py")))
        return [
            file for file in files if not patterns or any(fnmatch.fnmatch(file, each) for each in patterns)
        ]


AREAS = (
    Area(
        "eventstore",
        ("tests/eventstore",),
        (
            # Each of them takes as long as all others together.
            "--ignore=tests/eventstore/test_crash_table.py",
            "--deselect=tests/eventstore/test_faults.py::test_the_power_goes_between_any_two_calls",
            # One becomes a user who may not read the tester, the others see what the tester imports.
            "--deselect=tests/eventstore/test_journal.py::test_a_reader_needs_no_permission_to_write",
            "--deselect=tests/eventstore/test_format.py::test_opening_a_journal_imports_nothing_heavy",
            "--deselect=tests/eventstore/test_format.py::test_the_package_s_face_is_what_it_says",
        ),
    ),
    Area(
        "scheduler/rules",
        (
            "tests/scheduler/rules",
            "tests/scheduler/ledger",
            "tests/scheduler/service/test_loop.py",
            "tests/scheduler/service/test_supervisor.py",
            "tests/scheduler/explanation/test_explain.py",
            "tests/scheduler/notifications/test_follower.py",
            "tests/scheduler/test_limits.py",
        ),
    ),
)
"""Tests that start processes and those that take seconds (`real`, `long`, all possible crashes) are left out: a
mutant that only they notice counts as one that lives."""
