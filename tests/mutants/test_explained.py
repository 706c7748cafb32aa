"""What is said about mutants that live is said about code that there is."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.area import AREAS, ROOT
from tests.mutants.explained import Change, Explanations, change_of


def test_each_explained_mutant_changes_code_that_there_is() -> None:
    """An explanation names a module of an area and lines that stand in it; it goes when they go."""
    modules = {module for area in AREAS for module in area.modules([])}
    for change, reason in Explanations().changes.items():
        assert change.module in modules
        code = " ".join((ROOT / change.module).read_text(encoding="utf-8").split())
        assert change.was in code, change
        assert len(reason) > 20


def test_the_tests_of_an_area_are_there() -> None:
    """A test file that was moved does not silently leave the table."""
    for area in AREAS:
        assert all(Path(ROOT, test).exists() for test in area.tests), area.folder


def test_a_change_is_its_lines_without_what_stands_around_them() -> None:
    """So an explanation outlives changes elsewhere in the function."""
    diff = "--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n def a():\n-    return 1\n+    return 2\n     # end"
    assert change_of("a.py", diff) == ("a.py", "return 1", "return 2")


def test_a_wording_explains_changes_of_text_alone() -> None:
    """What an assertion says may change, and not what it demands."""
    explanations, was = Explanations(), 'assert a == 1, "why"'
    assert explanations.reason(Change("a.py", was, 'assert a == 1, "WHY"')) is not None
    assert explanations.reason(Change("a.py", was, 'assert a != 1, "why"')) is None
    assert explanations.reason(Change("a.py", 'return "why"', 'return "WHY"')) is None
