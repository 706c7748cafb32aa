"""An edited config that does not stand in the home yet, as `check` and `plan` read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call
from tests.support.home import files_of, make_home

MAIN = "jobs: {main: {on_demand: true, command: echo main}}\n"
SHOP = "jobs: {sale: {on_demand: true, command: echo sale}}\n"
EDITED = "jobs: {sale: {on_demand: true, command: echo sold}}\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose config stands in two files, and is in force."""
    made = make_home(tmp_path / "home", MAIN)
    part = made.config.parent / "config.d" / "shop.yaml"
    part.parent.mkdir(mode=0o755)
    part.write_text(SHOP, "utf-8")
    assert call("jobs", "disable", "main", home=made.root).code == 0
    return made


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """The edited part, elsewhere."""
    path = tmp_path / "shop.yaml"
    path.write_text(EDITED, "utf-8")
    return path


def test_check_reads_a_file_as_if_it_stood_in_place_of_the_config(home: Home, tmp_path: Path) -> None:
    """It is called by the name that was typed, and nothing is written."""
    file = tmp_path / "edited.yaml"
    file.write_text("jobs: {main: {every: 7m, command: echo more}}\n", "utf-8")
    before = files_of(home.root)
    answer = call("check", str(file), home=home.root)
    assert (answer.code, answer.out) == (0, f"{file} and 1 file in config.d: all right, 2 jobs\n")
    assert f"{file}:1:22: warning: main: " in answer.err
    assert f"`cronledger plan {file}` shows what it would change" in answer.err
    document = call("check", str(file), "--json", home=home.root).document
    assert (document["path"], document["jobs"]) == (str(file), 2)
    assert files_of(home.root) == before


def test_check_of_the_same_text_says_nothing_of_an_edit(home: Home, tmp_path: Path) -> None:
    """What is in force already changes nothing."""
    file = tmp_path / "same.yaml"
    file.write_text(MAIN, "utf-8")
    answer = call("check", str(file), home=home.root)
    assert (answer.code, answer.err) == (0, "")


def test_check_shows_the_mistakes_of_a_file_where_they_are(home: Home, tmp_path: Path) -> None:
    """The config of the home is right meanwhile."""
    file = tmp_path / "edited.yaml"
    file.write_text("jobs: {main: {on_demand: true, comand: x}}\n", "utf-8")
    answer = call("check", str(file), home=home.root)
    assert (answer.code, f"{file}:1:32: error: unknown key 'comand'" in answer.err) == (2, True)
    assert call("check", home=home.root).code == 0


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo"])
def test_check_of_what_is_no_file_is_refused(home: Home, tmp_path: Path, kind: str) -> None:
    """It says so, and waits for nothing."""
    path = tmp_path / "given"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    answer = call("check", str(path), home=home.root)
    assert (answer.code, f"{path} cannot be read" in answer.err) == (2, True)


@pytest.mark.parametrize("name", ["shop", "shop.yaml"])
def test_a_file_may_stand_in_place_of_a_part(home: Home, edited: Path, name: str) -> None:
    """The other files stay; the ending may be typed."""
    plan = call("plan", str(edited), "--into", name, home=home.root)
    assert plan.out.startswith("Of 2 jobs: 1 changed.\n\nsale: changed\n")
    check = call("check", str(edited), "--into", name, home=home.root)
    assert check.out == f"{edited} and 1 file in config.d: all right, 2 jobs\n"
    assert f"`cronledger plan {edited} --into {name}` shows" in check.err


def test_a_file_may_be_a_new_part(home: Home, edited: Path) -> None:
    """A name that stands in another part already is a mistake, told with both places."""
    edited.write_text("jobs: {fresh: {on_demand: true, command: echo fresh}}\n", "utf-8")
    assert "1 new" in call("plan", str(edited), "--into", "another", home=home.root).out
    edited.write_text(EDITED, "utf-8")
    answer = call("plan", str(edited), "--into", "another", home=home.root)
    part = home.config.parent / "config.d" / "shop.yaml"
    assert (answer.code, f"{part}:1:8: error: 'sale' stands in two files" in answer.err) == (2, True)


def test_mistakes_of_a_part_name_the_file_that_was_typed(home: Home, edited: Path) -> None:
    """And those of the home's own config name that one."""
    edited.write_text("jobs: {sale: {on_demand: true, comand: x}}\n", "utf-8")
    assert f"{edited}:1:32: error:" in call("check", str(edited), "--into", "shop", home=home.root).err
    edited.write_text(EDITED, "utf-8")
    home.config.write_text("jobs: {main: {on_demand: true, comand: x}}\n", "utf-8")
    assert f"{home.config}:1:32: error:" in call("check", str(edited), "--into", "shop", home=home.root).err


def test_a_part_of_the_home_stands_for_itself(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names the file that they edited in its place means that one, by whatever path."""
    part = home.config.parent / "config.d" / "shop.yaml"
    monkeypatch.chdir(part.parent)
    for typed in (str(part), "shop.yaml"):
        assert call("plan", typed, home=home.root).out.startswith("Nothing would change")
        assert call("check", typed, home=home.root).out.startswith(
            f"{typed} and 1 file in config.d: all right"
        )


def test_a_file_that_is_called_like_a_part_is_remarked_on(home: Home, edited: Path) -> None:
    """Taken for the whole config it would remove most jobs, or have their names twice."""
    answer = call("plan", str(edited), home=home.root)
    assert (answer.code, "with `--into shop` it stands in place of that" in answer.err) == (2, True)
    assert "--into" not in call("plan", str(edited), "--into", "shop", home=home.root).err


def test_a_part_needs_a_file_and_a_name(home: Home, edited: Path) -> None:
    """Both are told as mistakes of whoever typed."""
    assert "no FILE is named" in call("check", "--into", "shop", home=home.root).err
    answer = call("plan", str(edited), "--into", "../shop", home=home.root)
    assert (answer.code, "is no name for a part of the config" in answer.err) == (2, True)
