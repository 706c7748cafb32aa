"""Jobs in Python in the config: by the name of a class, or by `python:`."""

from __future__ import annotations

import time
from pathlib import Path
from textwrap import dedent

import pytest

from scheduler.configuration.errors import ConfigInvalid, NotYetKnown
from scheduler.configuration.job_kinds.custom_jobs import CustomJobs, Found
from scheduler.configuration.model import SlowParts
from scheduler.definition import JobDefinition, Parameter
from scheduler.entry_members import ConfigError
from scheduler.python_jobs.declarations import DeclaredJob
from tests.scheduler.configuration.reading import job, the_mistake
from tests.support.python_jobs import config_of, extension

pytestmark = pytest.mark.real
REPORT = """
    from typing import Literal

    class Report:
        name = "report"
        description = "Sends the report"
        region: Literal["eu", "us"] = "eu"
        rows: int
        label: str = ""
        timeout: int = 3

        def run(self, ctx):
            pass
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one extension."""
    extension(tmp_path, "report", REPORT)
    return tmp_path


def definition(home: Path, body: str) -> JobDefinition:
    """The definition of the job `report`, from its keys in flow style."""
    return config_of(home, f"jobs: {{report: {{on_demand: true, {body}}}}}").jobs["report"].definition


def mistakes(home: Path, text: str) -> list[ConfigError]:
    """All mistakes of a config that is refused."""
    with pytest.raises(ConfigInvalid) as caught:
        config_of(home, text)
    return caught.value.errors


def test_a_class_is_found_by_its_name(home: Path) -> None:
    """Values stand in `params`, or beside it where no key has that name; the class says their types."""
    found = definition(home, "rows: 5, params: {label: yes, timeout: 4}, timeout: 1h")
    assert found.python == "extensions/report/jobs.py:Report"
    assert (found.description, found.timeout_ms, found.command) == ("Sends the report", 3_600_000, None)
    assert found.params == {
        "label": Parameter(default="yes"),
        "timeout": Parameter(type="integer", default="4"),
        "rows": Parameter(type="integer", default="5"),
        "region": Parameter(choices=["eu", "us"]),
    }
    assert definition(home, "rows: 5, description: Mine").description == "Mine"


@pytest.mark.parametrize(("body", "line", "column", "message", "suggestion"), [
    ("    rows: 5\n    params: {lable: x}\n", 5, 14, "lable is no field of extensions/report/jobs.py", "label"),
    ("    rows: five\n", 4, 11, "this takes a whole number in plain decimal digits, not 'five'", ""),
    ("    rows: 5\n    region: uss\n", 5, 13, "'uss' is none of the choices: eu, us", "us"),
    ("    params: {rows: {default: x}}\n", 4, 30, "this takes a whole number", ""),
    ("    rows: 5\n    params: {rows: 6}\n", 4, 5, "rows stands here and in params", ""),
    ("    label: x\n", 2, 3, "extensions/report/jobs.py:Report needs a value for rows", ""),
    ("    rows: 5\n    lable: x\n", 5, 5, "unknown key 'lable' in a job", "label"),
    ("    rows: 5\n    overlop: skip\n", 5, 5, "unknown key 'overlop' in a job", "overlap"),
    ("    rows: [5]\n", 4, 11, "this takes a value, or a mapping", ""),
])  # fmt: skip
def test_what_the_class_does_not_declare_is_refused(
    home: Path, body: str, line: int, column: int, message: str, suggestion: str
) -> None:
    """At its place, with what was probably meant."""
    (error,) = mistakes(home, f"jobs:\n  report:\n    on_demand: true\n{body}")
    assert (error.line, error.column, error.suggestion) == (line, column, suggestion), error
    assert error.message.startswith(message)


def test_a_name_that_nothing_has_is_refused(home: Path) -> None:
    """With the class that was probably meant, and with the files that could not be read."""
    (error,) = mistakes(home, "jobs: {reprot: {on_demand: true}}")
    assert error.suggestion == "report"
    assert "(cleanup-sessions, log-cleanup, report)" in error.message
    extension(home, "broken", "raise ValueError('no')\n")
    (error,) = mistakes(home, "jobs: {other: {on_demand: true}}")
    assert "extensions/broken/jobs.py cannot be imported (ValueError: no)" in error.message
    extension(home, "twice", REPORT)
    (error,) = mistakes(home, "jobs: {report: {on_demand: true}}")
    assert "two classes have the name report" in error.message


def test_a_file_that_cannot_be_imported_is_read_as_text(home: Path) -> None:
    """So the job is what it was, and its run says what is wrong."""
    before = definition(home, "rows: 5")
    extension(home, "report", "import nothing_like_it\n" + dedent(REPORT))
    config = config_of(home, "jobs:\n  report: {on_demand: true, rows: 5}\n")
    assert config.jobs["report"].definition == before
    (remark,) = config.remarks
    assert (remark.line, remark.column, remark.job, remark.code) == (2, 3, "report", "not-imported")
    assert "(ModuleNotFoundError: No module named 'nothing_like_it')" in remark.message


def test_only_the_owner_of_the_home_imports(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else reads the config sees what stands in the text, and runs nothing of it."""
    before = definition(home, "rows: 5")
    (home / "var" / "declared-jobs.json").unlink()
    mark = home / "imported"
    extension(home, "report", f"open({str(mark)!r}, 'w')\n" + dedent(REPORT))
    monkeypatch.setattr("os.geteuid", lambda: 12_345)
    config = config_of(home, "jobs: {report: {on_demand: true, rows: 5}}")
    assert (config.jobs["report"].definition, list(config.remarks)) == (before, [])
    assert not mark.exists()


def test_what_is_declared_is_kept(home: Path) -> None:
    """By the digest of the file: without it the process that imports is not needed again."""
    definition(home, "rows: 5")
    kept = home / "var" / "declared-jobs.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text(kept.read_text().replace("Sends the report", "Was kept"))
    assert definition(home, "rows: 5").description == "Was kept"
    kept.write_bytes(b"\xff")
    assert definition(home, "rows: 5").description == "Sends the report"
    extension(home, "report", REPORT.replace("Sends", "Writes"))
    assert definition(home, "rows: 5").description == "Writes the report"


def test_who_does_not_wait_gets_what_was_read_before(home: Path) -> None:
    """Of what cannot be imported too, as long as that was found lately enough for whoever asks."""

    def found(failed_since_s: float) -> Found:
        return CustomJobs(home, SlowParts(failed_since_s)).find("report")

    with pytest.raises(NotYetKnown):
        found(0.0)
    assert CustomJobs(home).find("report") == found(time.time())
    extension(home, "report", "import nothing_like_it\n" + dedent(REPORT))
    with pytest.raises(NotYetKnown):
        found(0.0)
    began_s = time.time()
    assert "nothing_like_it" in CustomJobs(home).find("report").problem
    assert "nothing_like_it" in found(began_s).problem
    with pytest.raises(NotYetKnown):
        found(time.time())


def test_an_extension_that_others_can_write_is_not_used(home: Path) -> None:
    """As for the config itself."""
    (home / "extensions" / "report" / "jobs.py").chmod(0o666)
    (error,) = mistakes(home, "jobs: {report: {on_demand: true}}")
    assert "others can write" in error.message


def test_an_installed_distribution_offers_jobs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through an entry point whose name is that of the job; what cannot be imported is used, and its run says why."""
    site = home / "site"
    (site / "offer-1.0.dist-info").mkdir(parents=True)
    (site / "offer-1.0.dist-info" / "METADATA").write_text("Name: offer\nVersion: 1.0\n")
    (site / "offer-1.0.dist-info" / "entry_points.txt").write_text(
        "[cronledger.jobs]\nsweep = offer.jobs:Sweep\n"
    )
    monkeypatch.syspath_prepend(str(site))
    assert CustomJobs(home).find("sweep").job == DeclaredJob(
        name="sweep", target="offer.jobs:Sweep", incomplete=True
    )
    found = config_of(home, "jobs: {sweep: {on_demand: true, params: {depth: 3}}}").jobs["sweep"].definition
    assert (found.python, found.params["depth"].default) == ("offer.jobs:Sweep", "3")


def test_python_names_a_callable() -> None:
    """A job has a command or this; what is not written as one is refused with what was probably meant."""
    assert job("on_demand: true, python: 'payroll.jobs:run'").python == "payroll.jobs:run"
    error = the_mistake("jobs: {a: {on_demand: true, python: payroll.jobs.run}}")
    assert error.suggestion == "payroll.jobs:run"
    error = the_mistake("jobs: {a: {on_demand: true, python: 'a:b', command: x}}")
    assert error.message == "a job has a command or python, not both"


def test_no_extension_is_looked_for_without_need(home: Path) -> None:
    """A config whose jobs all have commands reads none."""
    config_of(home, "jobs: {a: {on_demand: true, command: x}, log-cleanup: {every: 1d}}")
    assert not (home / "var").exists()
