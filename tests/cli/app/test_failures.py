"""What the system refuses, as people read it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import click
import pytest

from cli.app.error_boundary import failures_for_people, system_words
from cli.app.failures import ExitCode
from cli.app.options import WholeNumber
from eventstore.errors import Corrupt
from scheduler.database.origin import Origin, write_origin
from tests.support.command import call
from tests.support.home import make_home


@pytest.mark.parametrize(
    ("number", "mode", "words"),
    [
        (errno.EACCES, 0o400, "cannot write {path}: permission denied"),
        (errno.ENOSPC, 0o600, "cannot write {path}: no space left on device"),
        (errno.EROFS, 0o400, "cannot write {path}: read-only file system"),
        (errno.EISDIR, 0o700, "cannot use {path}: is a directory"),
    ],
)
def test_a_refusal_says_what_could_not_be_done_with_which_file(
    tmp_path: Path, number: int, mode: int, words: str
) -> None:
    """Not the number of the error and not Python's form of it: the file, what was wanted of it, and the reason."""
    path = tmp_path / "file"
    path.touch()
    path.chmod(mode)
    problem = OSError(number, os.strerror(number), str(path))
    assert system_words(problem) == words.format(path=path)


def test_what_cannot_be_read_is_told_from_what_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the user may not even look at was to be read, as far as anyone can tell."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert system_words(PermissionError(errno.EACCES, "Permission denied", "/etc/shadow")) == (
        "cannot read /etc/shadow: permission denied"
    )


def test_what_to_do_is_said_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3, the file, and a way out."""
    with pytest.raises(SystemExit) as left, failures_for_people():
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/jobs/var/x")
    told = capsys.readouterr().err
    assert left.value.code == ExitCode.LEDGER
    assert "error: cannot write /srv/jobs/var/x: no space left on device" in told
    assert "Make room on its disk" in told
    assert "Errno" not in told


@pytest.mark.parametrize(
    ("typed", "bounds", "said"),
    [
        ("99999999999999999999", (None, None), "is too large: it may be from -999,999,999,999,999,999 to"),
        ("-99999999999999999999", (None, None), "is too small"),
        ("99999999999999999999", (1, None), "is too large: it may be from 1 to 999,999,999,999,999,999"),
        ("99999999999999999999", (0, 100), "is not from 0 to 100"),
        ("101", (0, 100), "is not from 0 to 100"),
        ("0", (1, None), "0 is not 1 or more"),
        ("9" * 5_000, (1, None), "(5,000 characters) is too large"),
        ("1_000", (None, None), "'1_000' is not a whole number"),
        ("x", (None, None), "'x' is not a whole number"),
    ],
)
def test_a_number_out_of_bounds_is_still_a_number(
    typed: str, bounds: tuple[int | None, int | None], said: str
) -> None:
    """What is too large is said to be, with the range; only what is none is called no whole number."""
    with pytest.raises(click.BadParameter) as refusal:
        WholeNumber(*bounds).convert(typed, None, None)
    assert said in refusal.value.format_message()


def test_leading_zeros_make_no_number_large() -> None:
    """Digits count by what they are worth."""
    assert WholeNumber().convert("0" * 30 + "7", None, None) == 7


@pytest.mark.parametrize("length", [50_000, 120_000])
def test_what_was_typed_is_not_repeated_in_full(length: int, tmp_path: Path) -> None:
    """An argument of any length is quoted so that the message still fits on a screen or two."""
    long = "x" * length
    for arguments in (["cron", "explain", long], ["jobs", "show", long], [long], ["ledger", "show", long]):
        told = call(*arguments, home=make_home(tmp_path / "home").root)
        assert told.code == ExitCode.USAGE
        assert len(told.err) < 10_000, arguments[:2]


def test_a_damaged_mirror_is_fetched_again_and_needs_no_backup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is damaged is a copy of what the database has: the words say which file is to be moved away."""
    segment = tmp_path / "00000000000000000000.jsonl"
    for words in ("restore it from a backup", f"Move {segment} away"):
        with pytest.raises(SystemExit), failures_for_people():
            raise Corrupt(segment, 7, 3, "a line", "zeros")
        assert words in " ".join(capsys.readouterr().err.split())
        write_origin(tmp_path, Origin(address="postgresql://u@h/c", ledger="a" * 32))
