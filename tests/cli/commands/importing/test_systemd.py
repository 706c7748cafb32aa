"""`cronledger import systemd`: the command as people use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.app.failures import Failure
from cli.importing.unit_files import load_timers
from tests.support.command import call

SERVICE = "[Unit]\nDescription=Copies the database\n[Service]\nExecStart=/opt/backup\n"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with a timer and its service."""
    folder = tmp_path / "user"
    folder.mkdir()
    (folder / "backup.timer").write_text("[Timer]\nOnCalendar=Mon..Fri 02:30\nWakeSystem=yes\n", "utf-8")
    (folder / "backup.service").write_text(SERVICE, "utf-8")
    return folder


def test_a_timer_becomes_config_that_check_accepts(tmp_path: Path, units: Path) -> None:
    """The service is found beside it, and each line that is lost is told with its file."""
    timer = units / "backup.timer"
    answer = call("import", "systemd", str(timer), "--timezone", "Europe/Paris", home=tmp_path)
    assert answer.code in (0, 1)  # 1 where a change of clocks is near
    assert f"{timer}:3: warning: WakeSystem=yes is not carried over" in answer.err
    config = tmp_path / "services" / "scheduler" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_bytes(answer.raw_out)
    assert call("check", home=tmp_path).code == 0
    shown = call("jobs", "show", "backup", "--json", home=tmp_path).document
    assert shown["description"] == "Copies the database"


def test_what_the_config_refuses_is_told_with_its_file(tmp_path: Path, units: Path) -> None:
    """A command that is too long to be recorded: the timer and the line of its times are named."""
    (units / "backup.service").write_text("[Service]\nExecStart=/opt/backup " + "x" * 70_000 + "\n", "utf-8")
    answer = call("import", "systemd", str(units / "backup.timer"), "--json", home=tmp_path)
    (refused,) = [each for each in answer.document["remarks"] if each["kind"] == "refused"]
    assert (answer.code, refused["file"], refused["line"]) == (1, str(units / "backup.timer"), 2)
    assert "bytes in the ledger" in refused["text"]


def test_programs_get_all_of_it(tmp_path: Path, units: Path) -> None:
    """Jobs, remarks and the config in one document."""
    answer = call(
        "import", "systemd", str(units / "backup.timer"), "--timezone", "UTC", "--json", home=tmp_path
    )
    assert answer.code == 0
    (job,) = answer.document["jobs"]
    assert (job["name"], job["compared"], job["same"]) == ("backup", 50, True)
    assert answer.document["remarks"][0]["kind"] == "lost"
    assert answer.document["config"].endswith("\n")


def test_drop_ins_and_templates_are_found(units: Path) -> None:
    """What adds to a unit counts behind it; an instance is made of its template."""
    folder = units / "backup.timer.d"
    folder.mkdir()
    (folder / "10.conf").write_text("[Timer]\nOnCalendar=\nOnCalendar=daily\n", "utf-8")
    (folder / "not").write_text("junk", "utf-8")
    (loaded,) = load_timers([str(units / "backup.timer")], None, [])
    assert [each.value for each in loaded.timer.all("Timer", "OnCalendar")] == ["daily"]
    assert loaded.of_user
    (units / "dump@.timer").write_text("[Timer]\nOnCalendar=daily\n", "utf-8")
    (units / "dump@.service").write_text("[Service]\nExecStart=/opt/dump %i\n", "utf-8")
    (instance,) = load_timers([str(units / "dump@main.timer")], None, [])
    assert instance.service is not None
    assert (instance.timer.name, instance.service.name) == ("dump@main.timer", "dump@main.service")


def test_names_are_looked_for_where_systemd_has_its_units(units: Path) -> None:
    """The first folder that has one counts."""
    (loaded,) = load_timers(["backup.timer"], False, ["/nowhere", str(units)])
    assert loaded.service is not None
    with pytest.raises(Failure, match="cannot be read: it is neither here nor in the folders of systemd"):
        load_timers(["other.timer"], None, [str(units)])


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("x.service", b"", 2, "is no timer"),
        ("x@.timer", b"[Timer]\nOnCalendar=daily\n", 2, "is a template"),
        ("x.timer", b"\0\0", 2, "holds a NUL byte"),
        ("x.timer", b"junk", 2, "neither a [Section] nor Key=value"),
        ("x.timer", b"[Timer]\nOnCalendar=daily\n", 1, "there is no x.service beside it"),
        (
            "x.timer",
            b"[Timer]\nOnCalendar=daily\nUnit=y.target\n",
            1,
            "y.target, which it starts, is no service",
        ),
        ("missing.timer", None, 2, "cannot be read"),
    ],
)
def test_what_is_no_timer_is_answered_with_a_reason(
    tmp_path: Path, name: str, content: bytes | None, code: int, said: str
) -> None:
    """No traceback, and an exit code that says so."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    answer = call("import", "systemd", str(path), home=tmp_path)
    assert (answer.code, said in answer.err) == (code, True)
