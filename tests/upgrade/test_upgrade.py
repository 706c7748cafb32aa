"""Homes that each version of cronledger left are taken over: said before, nothing lost, and served on."""

from __future__ import annotations

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from cli.app.failures import ExitCode
from cli.upgrade import outlook
from eventstore.journal import Journal
from eventstore.store import Event
from scheduler.configuration.remarks import missing_telemetry
from scheduler.version import VERSION
from tests.support.command import Answer, call
from tests.support.served import Served

GOLDEN = sorted(path.name for path in Path(__file__).with_name("golden").iterdir())


def copy_of(name: str, folder: Path) -> Path:
    """A golden home, with the modes that a home has."""
    home = folder / "home"
    shutil.copytree(Path(__file__).with_name("golden") / name, home)
    for path in (home, *home.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return home


def lines_of(home: Path) -> list[str]:
    """The ledger, a line an entry."""
    return "".join(path.read_text() for path in sorted((home / "var/ledger").glob("*.jsonl"))).splitlines()


def everything(home: Path) -> dict[Path, tuple[bytes, int, int]]:
    """Each file and folder: what it holds, when it was written, and its mode."""
    found = {}
    for path in (home, *sorted(home.rglob("*"))):
        stat = os.lstat(path)
        found[path] = (path.read_bytes() if path.is_file() else b"", stat.st_mtime_ns, stat.st_mode)
    return found


def looked_at(home: Path, *options: str) -> Answer:
    """What `upgrade --check` says; it changes nothing, in no case."""
    before = everything(home)
    said = call("upgrade", "--check", *options, home=home)
    assert everything(home) == before
    return said


@pytest.mark.parametrize("name", GOLDEN)
def test_what_a_version_left_is_taken_over_whole(name: str, tmp_path: Path, hunt: bool) -> None:
    """Each entry stays as it was, the state is the one that was recorded, and what comes now follows it."""
    home = copy_of(name, tmp_path)
    before = lines_of(home)
    said = looked_at(home, "--json")
    assert said.code == ExitCode.DONE, said.err
    assert said.document["verdict"] in ("ready", "nothing changes")
    assert said.document["wrote_last"]["versions"]["cronledger"] == name.partition("-")[0]
    assert (said.document["entries"], said.document["version"]) == (len(before), VERSION)
    assert said.document["redefined"] == []

    disabled = {job["name"]: job["enabled"] for job in call("jobs", "list", "--json", home=home).document}
    assert disabled == {"beat": False, "nightly": False, "broken": True}
    history = call("jobs", "history", "--json", "--limit", "100", home=home).document
    if hunt or name == GOLDEN[0]:
        with Served(home) as served:
            assert call("jobs", "run", "nightly", home=home).code == ExitCode.DONE
            served.process.terminate()
    else:
        assert call("jobs", "run", "nightly", home=home).code == ExitCode.DONE
    after = lines_of(home)
    assert after[: len(before)] == before
    assert len(after) > len(before)
    kept = call("jobs", "history", "--json", "--limit", "100", home=home).document
    assert kept[1:] == history
    assert call("ledger", "verify", home=home).code == ExitCode.DONE


def test_people_are_told_what_will_be(tmp_path: Path) -> None:
    """Which version wrote, that entries stay, and that it serves already where it does."""
    said = looked_at(copy_of(GOLDEN[0], tmp_path)).out
    assert "cronledger 0.1.0, started" in said
    assert "format 1" in said
    assert "no entry is rewritten" in said


def test_after_the_upgrade_nothing_changes(tmp_path: Path) -> None:
    """Once this very software has served the home; what it started in the background may still write its files."""
    home = copy_of(GOLDEN[0], tmp_path)
    with Served(home) as served:
        beside = call("upgrade", "--check", "--json", home=home).document
        assert beside["served_by"] == served.process.pid
        served.process.terminate()
        served.process.wait()
    after = call("upgrade", "--check", "--json", home=home).document
    assert (after["verdict"], after["served_by"], after["parts"]) == ("nothing changes", None, [])


def test_a_config_that_is_refused_is_in_the_way(tmp_path: Path) -> None:
    """A key that this version does not know: each mistake for programs, the command that shows them for people."""
    home = copy_of(GOLDEN[0], tmp_path)
    config = home / "services/scheduler/config.yaml"
    config.write_text(config.read_text() + "    colour: red\n")
    said = looked_at(home, "--json")
    assert (said.code, said.document["verdict"]) == (ExitCode.FAILED, "in the way")
    assert "colour" in json.dumps(said.document["mistakes"])
    told = looked_at(home)
    assert (told.code, "cronledger check" in told.out) == (ExitCode.FAILED, True)


def test_an_entry_of_a_later_version_makes_this_one_too_old(tmp_path: Path) -> None:
    """It reads the home and records nothing: exit code 3, and the entry is named."""
    home = copy_of(GOLDEN[-1], tmp_path)
    with Journal.open(home / "var/ledger", software="cronledger 9.9") as ledger:
        ledger.append([Event(type="moon.risen", actor="scheduler", data={})])
    said = looked_at(home, "--json")
    assert (said.code, said.document["verdict"]) == (ExitCode.LEDGER, "too old")
    assert said.document["newer"]["type"] == "moon.risen"
    assert "moon.risen" in looked_at(home).out


def test_an_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the database is asked for, and where anchors need it."""
    home = copy_of(GOLDEN[-1], tmp_path)
    config = home / "services/scheduler/config.yaml"
    anchor = "ledger: {anchors: [{timestamp: 'https://tsa.example.org', certificates: /etc/tsa.pem}]}\n"
    config.write_text(anchor + config.read_text())
    monkeypatch.setattr(
        outlook, "find_spec", lambda name: None if name == "rfc3161_client" else find_spec(name)
    )
    said = looked_at(home)
    assert said.code == ExitCode.FAILED
    assert "cronledger[timestamp]" in said.out


def test_where_there_is_nothing_to_upgrade_it_says_so(tmp_path: Path) -> None:
    """Without a ledger, and without --check: exit code 2 and what to do."""
    assert "no ledger yet" in call("upgrade", "--check", home=tmp_path).err
    bare = call("upgrade", home=tmp_path)
    assert (bare.code, "needs no command" in bare.err) == (ExitCode.USAGE, True)


def test_telling_that_is_missing_is_named_and_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs run all the same without the extra that traces need; whoever upgrades learns that nothing is sent."""
    home = copy_of(GOLDEN[0], tmp_path)
    config = home / "services/scheduler/config.yaml"
    config.write_text(config.read_text() + "\ntelemetry: {otlp: 'http://127.0.0.1:9'}\n")
    assert looked_at(home, "--json").document["missing_extras"] == []
    monkeypatch.setattr(missing_telemetry, "is_installed", lambda: False)
    said = looked_at(home, "--json")
    assert (said.code, said.document["missing_extras"]) == (ExitCode.DONE, ["opentelemetry"])
    assert "pip install 'cronledger[opentelemetry]'" in looked_at(home).out
