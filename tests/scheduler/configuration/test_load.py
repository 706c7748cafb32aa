from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable, excerpt
from scheduler.configuration.keys.starter import STARTER
from scheduler.configuration.load import load


def test_a_file_is_loaded(tmp_path: Path) -> None:
    """A config file is read and knows its path."""
    path = tmp_path / "config.yaml"
    path.write_text(STARTER)
    assert load(path).path == path


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    """Without a config, the error names the command that writes one."""
    with pytest.raises(ConfigMissing, match="cronledger init") as caught:
        load(tmp_path / "config.yaml")
    assert caught.value.path == tmp_path / "config.yaml"


def test_what_is_no_file_is_unreadable(tmp_path: Path) -> None:
    """A folder or a pipe in place of the config is refused, and nothing waits on it."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "pipe" / "below"):
        with pytest.raises(ConfigUnreadable, match="cannot read the config"):
            load(path)


def test_a_huge_file_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    """A file of a terabyte, mostly holes, is refused for its size."""
    path = tmp_path / "config.yaml"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ConfigInvalid, match="larger than 16 MiB"):
        load(path)


def test_yaml_is_imported_only_to_read(tmp_path: Path) -> None:
    """Importing the package alone does not import PyYAML."""
    program = "import sys, scheduler.configuration; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(("text", "line", "column", "shown"), [
    ("a: 1\nb: 2\n", 2, 4, "b: 2\n   ^"),
    ("a: 1\r\nb: 2\r\n", 1, 1, "a: 1\n^"),
    ("a:\tx\x1b[31m", 1, 4, "a: x [31m\n   ^"),
    ("a", 1, 99, "a\n ^"),
    ("a\n", 2, 1, ""),
    ("", 1, 1, ""),
    ("a", 0, 1, ""),
    ("x" * 50 + "!" + "x" * 50, 1, 51, "…" + "x" * 5 + "!" + "x" * 4 + "…\n      ^"),
    ("!" + "x" * 50, 1, 1, "!" + "x" * 9 + "…\n^"),
])  # fmt: skip
def test_excerpt_points_at_the_column(text: str, line: int, column: int, shown: str) -> None:
    """The line is shown without what a terminal would obey, cut to the width, with a caret under the column."""
    assert excerpt(text, line, column, width=10) == shown
