"""What the SQL of the project names, compared with the vocabulary."""

from __future__ import annotations

import re
from pathlib import Path

from projections.schema.tables import PARTS_SQL, VIEWS_SQL
from scheduler import vocabulary as v
from scheduler.entry_members import MISFIRE_REASONS, OUTCOMES, SKIP_REASONS

ROOT = Path(__file__).resolve().parents[2]
SQL = PARTS_SQL + VIEWS_SQL
SUBJECTS = "|".join(sorted({name.partition(".")[0] for name in v.PAYLOADS}))
TYPE = re.compile(rf"'((?:{SUBJECTS})\.[a-z_]+)'")
LIST = re.compile(r"\('[a-z_.]+'(?:,\s*'[a-z_.]+')+\)")
SOURCES = [
    path
    for package in ("projections", "cli", "scheduler")
    for suffix in ("*.sql", "*.py")
    for path in sorted((ROOT / package).rglob(suffix))
]


def test_the_views_tell_every_type_but_the_remarks() -> None:
    """What is about a run, a job, a schedule or the watch over them is in the views; remarks are left out."""
    assert set(TYPE.findall(SQL)) == set(v.PAYLOADS) - set(v.REMARKS)


def test_sql_names_only_types_that_there_are() -> None:
    """No query asks for a type that nothing writes."""
    for path in SOURCES:
        assert set(TYPE.findall(path.read_text(encoding="utf-8"))) <= set(v.PAYLOADS), path


def test_lists_of_types_and_outcomes_come_from_the_vocabulary() -> None:
    """Nowhere in SQL is a list of them written out: what a new one belongs to is said once."""
    names = {*v.PAYLOADS, *OUTCOMES, *SKIP_REASONS, *MISFIRE_REASONS}
    for path in SOURCES:
        for written in LIST.findall(path.read_text(encoding="utf-8")):
            assert not names.intersection(re.findall(r"'([a-z_.]+)'", written)), (path, written)
