"""`status` and `jobs show` answer the same from the outline of the config and from the config itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from unittest import mock

import pytest

from scheduler.configuration.files.part_names import folder_of
from scheduler.configuration.reading import current_config
from scheduler.home import Home
from tests.support.command import call
from tests.support.home import make_home, write_config

JOB: Final = "  a: {command: 'true', every: 1h, env: {B: '1', A: '2'}}\n"
PLAIN: Final = f"jobs:\n{JOB}"
RICH: Final = """\
scheduler: {heartbeat: {file: beat, url: "https://hc.example.org/s3cr3t-path"}}
ledger: {key: {file: keys/other}, anchors: [{file: /mnt/anchored}]}
channels:
  mail: {email: ops@example.org}
  hook: {webhook: "https://hooks.example.org/s3cr3t-hook", headers: {Authorization: {env: TOKEN}}}
telemetry: {otlp: "http://127.0.0.1:9/s3cr3t-base", headers: {X-Key: {env: KEY}}}
calendars: {holidays: {dates: ["2026-12-25"]}}
defaults:
  timeout: 15m
  env: {Z: s3cr3t-z, PGHOST: s3cr3t-host}
  retry: {attempts: 2}
jobs:
  a:
    command: echo s3cr3t-command
    schedule: ["30 2 * * *", "0 4 * * *"]
    calendars: {except: holidays}
    env: {B: s3cr3t-b, PGHOST: s3cr3t-own}
    jitter: 5m
    retry: {delay: 1m}
    notify: {channels: mail}
  after-a: {command: 'true', after: a, limits: {memory: 1GB}}
  log-cleanup: {schedule: "@daily"}
"""
ICAL: Final = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261225
END:VEVENT
END:VCALENDAR
"""
FOR_PROGRAMS: Final = (("status", "--json"), ("jobs", "show", "a", "--json"))
FOR_PEOPLE: Final = (("status",), ("jobs", "show", "a"), ("notify", "status"))
_MOMENT: Final = re.compile(r'"time": "[^"]*"|[0-9]+ (?:ms|s|min) ago|, now\b|\bin [0-9]+ (?:min|s|h|d)\b')


class Answers(NamedTuple):
    """What the commands say, and whether they read the config for it."""

    said: list[tuple[int, str, str]]
    read: bool


def answers(home: Home, questions: Sequence[tuple[str, ...]]) -> Answers:
    """What the commands say now; how long ago something was does not count."""
    with mock.patch.object(current_config, "read_config", wraps=current_config.read_config) as reading:
        found = [call(*question, home=home.root) for question in questions]
    said = [(each.code, _MOMENT.sub("", each.out), _MOMENT.sub("", each.err)) for each in found]
    return Answers(said, reading.called)


def check_same(
    home: Home, questions: Sequence[tuple[str, ...]] = FOR_PROGRAMS, *, read: bool
) -> list[tuple[int, str, str]]:
    """The answers are the same without the outline; `read`: the config is read although it is there."""
    assert home.config_outline.exists()
    beside = answers(home, questions)
    home.config_outline.unlink()
    without = answers(home, questions)
    assert without.read
    assert beside == (without.said, read)
    return beside.said


def recorded(root: Path, config: str) -> Home:
    """A home whose config a command has brought into force."""
    home = make_home(root, config)
    assert call("jobs", "disable", "a", "--reason", "test", home=root).code == 0
    return home


@pytest.mark.parametrize("config", [PLAIN, RICH], ids=["plain", "rich"])
def test_a_config_in_force_is_not_read(tmp_path: Path, config: str) -> None:
    """From defaults to channels, all is said that the config says."""
    home = recorded(tmp_path, config)
    assert home.config_outline.stat().st_mode & 0o777 == 0o600
    check_same(home, (*FOR_PROGRAMS, *FOR_PEOPLE), read=False)


def test_a_signed_home(tmp_path: Path) -> None:
    """The place of the key and the anchors are those of the config, in its order."""
    home = recorded(tmp_path, RICH)
    assert call("ledger", "key", "generate", home=home.root).code == 0
    said = check_same(home, FOR_PEOPLE, read=False)
    assert f"{home.root}/keys/other" in said[0][1]
    assert "file /mnt/anchored: has none yet" in said[0][1]


def test_no_value_of_a_job_and_no_secret_is_in_it(tmp_path: Path) -> None:
    """Names and lines are."""
    raw = recorded(tmp_path, RICH).config_outline.read_text()
    assert "s3cr3t" not in raw
    assert "echo" not in raw
    assert '"env.PGHOST":17' in raw
    assert '"hook":"webhook"' in raw


def test_a_config_of_parts(tmp_path: Path) -> None:
    """Lines are those of the part; one that is added is seen at once."""
    home = make_home(tmp_path, "defaults: {timeout: 1m}\n")
    part = folder_of(home.config) / "p.yaml"
    part.parent.mkdir(mode=0o700)
    part.write_text(PLAIN)
    assert call("jobs", "disable", "a", "--reason", "test", home=home.root).code == 0
    outline = home.config_outline.read_bytes()
    said = check_same(home, FOR_PEOPLE, read=False)
    assert "job, config.d/p.yaml, line 2" in said[1][1]
    home.config_outline.write_bytes(outline)
    (part.parent / "q.yaml").write_text("jobs: {q: {command: 'true', every: 1h}}\n")
    check_same(home, read=True)


def _edit(home: Home) -> None:
    write_config(home.root, RICH.replace("timeout: 15m", "\n  timeout: 16m"))


def _break(home: Home) -> None:
    write_config(home.root, "jobs: [")


def _reject(home: Home) -> None:
    _break(home)
    call("jobs", "enable", "a", home=home.root)


def _remove(home: Home) -> None:
    home.config.unlink()


def _open_to_others(home: Home) -> None:
    home.config.chmod(0o666)


def _open_folder(home: Home) -> None:
    home.config.parent.chmod(0o777)


def _salt_anew(home: Home) -> None:
    (home.var / "salt").write_bytes(b"x" * 32)


def _remove_salt(home: Home) -> None:
    (home.var / "salt").unlink()


@pytest.mark.parametrize(
    "befalls", [_edit, _break, _remove, _open_to_others, _open_folder, _salt_anew, _remove_salt]
)
def test_what_befalls_a_home_is_told_as_before(tmp_path: Path, befalls: Callable[[Home], None]) -> None:
    """Whatever is not certainly the config in force is read."""
    home = recorded(tmp_path, RICH)
    befalls(home)
    check_same(home, read=True)


def test_a_person_and_time_change_nothing(tmp_path: Path) -> None:
    """What the ledger knows alone, such as a pause or the past, is told beside the outline."""
    home = recorded(tmp_path, RICH)
    call("jobs", "enable", "a", home=home.root)
    past = call("jobs", "show", "a", "--as-of", "3", "--json", home=home.root).document["configuration"]
    assert {each["origin"] for each in past} == {"ledger"}
    # The order of variables is that of the config, which is not in the ledger.
    write_config(
        home.root, RICH.replace("Z: s3cr3t-z, PGHOST: s3cr3t-host", "PGHOST: s3cr3t-host, Z: s3cr3t-z")
    )
    call("jobs", "enable", "after-a", home=home.root)
    check_same(home, read=False)


@pytest.mark.parametrize("decided", ["waits", "rejected"])
def test_a_change_that_is_not_approved(tmp_path: Path, decided: str) -> None:
    """The file says something else of that job than what is in force."""
    config = PLAIN.replace("'true'", "echo new, approval: required") + "  b: {command: 'true', every: 1h}\n"
    home = make_home(tmp_path, config.replace("echo new, approval: required", "echo old"))
    call("jobs", "run", "b", home=home.root)  # this keeps a copy of the config
    write_config(home.root, config)
    call("jobs", "enable", "b", home=home.root)
    if decided == "rejected":
        call("jobs", "reject", "a", "--reason", "test", home=home.root)
    # Of that job the copy of a config is asked, as without the outline.
    check_same(home, read=True)


def _with_ical(home: Home) -> str:
    (home.root / "days.ics").write_text(ICAL)
    return "calendars: {days: {ical: days.ics}}\n" + PLAIN


def _with_extension(home: Home) -> str:
    folder = home.extensions / "mine"
    folder.mkdir(parents=True)
    (folder / "jobs.py").write_text("class Mine:\n    name = 'mine'\n    def run(self, ctx): pass\n")
    return PLAIN + "  mine: {every: 1h}\n"


def _with_folder(home: Home) -> str:
    return PLAIN + "  log-cleanup: {every: 1d, directories: [{path: logs}]}\n"


def _with_command_as_key(home: Home) -> str:
    return "ledger: {key: {command: [sign, s3cr3t]}}\n" + PLAIN


@pytest.mark.parametrize("written", [_with_ical, _with_extension, _with_folder, _with_command_as_key])
def test_of_what_rests_on_more_than_text_none_is_kept(tmp_path: Path, written: Callable[[Home], str]) -> None:
    """Nor of what may be secret; the outline of the config before goes."""
    home = recorded(tmp_path, PLAIN)
    assert home.config_outline.exists()
    write_config(home.root, written(home))
    assert call("jobs", "enable", "a", home=home.root).code == 0
    assert not home.config_outline.exists()
