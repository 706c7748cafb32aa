"""What a class declares is the same whether its file is imported or only its text is read."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from scheduler.definition import ParameterType
from scheduler.python_jobs.declarations import DeclaredField, DeclaredJob, annotation_of
from scheduler.python_jobs.fields import fields_of, made
from scheduler.python_jobs.inspection import Answer, declared_by
from scheduler.python_jobs.source import jobs_in
from tests.support.python_jobs import extension

SOURCE = """
    from typing import Any, ClassVar, Literal, Optional
    from scheduler.job import Job

    LIMIT = 3

    class Report(Job):
        name = "report"
        description = "Sends the report"
        supports_dry_run = True
        region: Literal["eu", "us"] = "eu"
        rows: int
        ratio: Optional[float] = None
        full: "bool | None" = None
        client: Any = None
        kept: ClassVar[int] = 4
        _own: int = LIMIT
        plain = 5

        async def run(self, ctx):
            pass

    class Helper:
        size: int = 3
"""
REPORT = DeclaredJob(
    name="report",
    target="extensions/report/jobs.py:Report",
    description="Sends the report",
    fields={
        "region": DeclaredField(choices=["eu", "us"]),
        "rows": DeclaredField(type="integer", required=True),
        "ratio": DeclaredField(type="number"),
        "full": DeclaredField(type="boolean"),
    },
    dry_run=True,
)


@pytest.mark.real
def test_the_import_and_the_text_say_the_same(tmp_path: Path) -> None:
    """For a class that has its fields itself."""
    extension(tmp_path, "report", SOURCE)
    assert declared_by(tmp_path, "extensions/report/jobs.py") == Answer(jobs=[REPORT])
    assert jobs_in(dedent(SOURCE).encode(), "extensions/report/jobs.py") == [REPORT]
    assert "report" not in sys.modules, "nothing is imported here"


def test_a_class_that_inherits_may_have_more(tmp_path: Path) -> None:
    """Which the text does not show; nobody then says that a value is of no field."""
    (found,) = jobs_in(b"class A(Base):\n    name = 'a'\n    def run(self, ctx): pass\n", "x")
    assert found.incomplete


@pytest.mark.parametrize(
    "source", [b"def (", b"\0", b"\xff", b"(" * 5_000, b"", b"class A: name = 5", b"A = 1"]
)
def test_text_that_is_no_python_declares_nothing(source: bytes) -> None:
    """It is never an error: the run says what is wrong."""
    assert jobs_in(source, "x") == []


@pytest.mark.real
@pytest.mark.parametrize(("source", "error"), [
    ("raise ValueError('no')\n", "ValueError: no"),
    ("import os\nos._exit(0)\n", "its process ended while it was imported"),
    ("import time\ntime.sleep(600)\n", "its import takes longer than 1 s"),
    ("x = 'a' * (1 << 40)\n", "MemoryError"),
    ("print('{}')\nimport sys; sys.exit('no')\n", "SystemExit: no"),
])  # fmt: skip
def test_an_import_that_fails_is_told(tmp_path: Path, source: str, error: str) -> None:
    """In time, whatever the code does, and what it prints is not taken for the answer."""
    extension(tmp_path, "a", source)
    assert declared_by(tmp_path, "extensions/a/jobs.py", 1.0 if "600" in source else 60.0) == Answer(
        error=error
    )


@pytest.mark.parametrize(("written", "kind", "choices"), [
    ("str", "text", ()),
    ("int | None", "integer", ()),
    ("None | float", "number", ()),
    ("typing.Optional[bool]", "boolean", ()),
    ("Literal[1, 2]", "integer", ("1", "2")),
    ("Annotated[str, 'where']", "text", ()),
])  # fmt: skip
def test_types_of_fields(written: str, kind: ParameterType, choices: tuple[str, ...]) -> None:
    """Text, whole numbers, numbers and truth values can be given; each may be left out."""
    assert annotation_of(written) == (kind, choices)


@pytest.mark.parametrize(
    "written", ["list[str]", "str | int", "Literal['a', 1]", "Any", "(", "", "x" * 10_000]
)
def test_other_types_are_no_parameters(written: str) -> None:
    """A field of another type is the class's own affair."""
    assert annotation_of(written) is None


def test_dataclasses_and_structs_are_made_with_their_values() -> None:
    """A field with a factory has a value, and so needs none."""
    import dataclasses

    @dataclasses.dataclass
    class Job:
        name: str = "a"
        region: str = dataclasses.field(default_factory=lambda: "eu")
        rows: int = dataclasses.field(kw_only=True)

        def run(self, ctx: object) -> None:
            """Do nothing."""

    assert {name: field.required for name, field in fields_of(Job).items()} == {"region": False, "rows": True}
    assert made(Job, {"rows": 3}) == Job(rows=3)


def test_an_import_that_hangs_ends_though_nobody_is_left_who_waits(tmp_path: Path) -> None:
    """Whoever started it may have been killed."""
    extension(tmp_path, "a", "import time; time.sleep(600)")
    command = [
        sys.executable,
        "-I",
        "-m",
        "scheduler.python_jobs.inspection",
        str(tmp_path),
        "extensions/a/jobs.py",
    ]
    assert subprocess.run([*command, "0"], check=False, timeout=60).returncode == -signal.SIGALRM
