"""The end of what an attempt printed: masked, plain, bounded."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.home import Home
from scheduler.notifications.output_end import Attempt, OutputEnds
from tests.support.home import make_home

STARTED = datetime(2026, 3, 1, 2, tzinfo=UTC)
CONFIG = """\
jobs:
  a: {command: x, every: 1h, env: {DB_PASSWORD: "correct horse"}}
  b: {command: x, every: 1h, secrets: {KEY: {file: gone}}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a job that has a secret, and one whose secret cannot be read."""
    return make_home(tmp_path, CONFIG)


def end_of(home: Home, characters: int = 200, job: str = "a", **streams: bytes) -> str:
    """The end of what was printed."""
    for stream, raw in streams.items():
        path = home.output(7, 1, STARTED, stream)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    written = {stream: len(streams.get(stream, b"")) for stream in ("stdout", "stderr")}
    return OutputEnds(home).end_of(Attempt(job, 7, 1, STARTED, written), characters)


def test_the_last_lines_of_both_streams(home: Home) -> None:
    """Of one stream its lines alone; of two each with its name; of none, nothing."""
    assert end_of(home) == ""
    assert end_of(home, stderr=b"one\ntwo") == "one\ntwo\n"
    assert end_of(home, stdout=b"out\n", stderr=b"err\n") == "[stdout]\nout\n[stderr]\nerr\n"


def test_whole_lines_as_many_as_fit(home: Home) -> None:
    """A line that would be cut is left out, but for one that alone is too long."""
    assert end_of(home, 10, stdout=b"first\nsecond\nlast\n") == "last\n"
    assert end_of(home, 12, stdout=b"first\nsecond\nlast\n") == "second\nlast\n"
    assert end_of(home, 8, stdout=b"x" * 50 + b"END\n") == "…xxxEND\n"


def test_secrets_are_masked_that_the_config_names_or_that_look_so(home: Home) -> None:
    """A value of the environment, a pattern; and a secret between whose letters escapes stand."""
    assert end_of(home, stdout=b"it is correct horse\n") == "it is ***\n"
    assert "hunter2" not in end_of(home, stdout=b"password=hunter2xyz\n")
    assert "horse" not in end_of(home, stdout=b"correct\x1b[0m horse\n")


def test_what_is_cut_is_masked_as_a_whole(home: Home) -> None:
    """Of a line without end the end is shown; of a key whose beginning is not read, what belongs to it is not."""
    told = end_of(home, 100, stdout=b"correct horse " * 5_000)
    assert len(told) == 100
    assert "horse" not in told
    key = b"-----BEGIN RSA PRIVATE KEY-----\n" + (b"Zm9v" * 15 + b"\n") * 200
    told = end_of(home, stdout=key + b"-----END RSA PRIVATE KEY-----\nbehind\n")
    assert told == "***\nbehind\n"


def test_a_secret_of_which_a_part_is_not_there_is_not_shown_in_part(tmp_path: Path) -> None:
    """Neither one that begins before what is read, nor one in the middle of which the output ends."""
    secret = hashlib.sha512(b"").hexdigest()
    home = make_home(tmp_path, f"jobs: {{a: {{command: x, every: 1h, env: {{DB_PASSWORD: {secret}}}}}}}")
    for size in range(900, 900 + 2 * len(secret), 7):
        printed = (secret.encode() + b"\r") * size
        told = end_of(home, 4_000, stdout=printed[size:] + secret[: size % len(secret)].encode())
        assert not any(secret[at : at + 4] in told for at in range(0, len(secret), 4)), told[:40]


def test_nothing_is_shown_while_a_secret_cannot_be_read(home: Home) -> None:
    """What is not known cannot be masked."""
    assert "output" not in end_of(home, job="b", stdout=b"output\n")
    assert "withheld" in end_of(home, job="b", stdout=b"output\n")


def test_what_a_terminal_obeys_is_not_shown(home: Home) -> None:
    """Neither colours nor titles, nor what is no text; a progress bar becomes lines."""
    told = end_of(home, stdout=b"\x1b[31mred\x1b[0m \x1b]0;title\x07ok\x00\xff\r50%\r100%\r\n")
    assert told == "red ok?\ufffd\n50%\n100%\n"


def test_compressed_deleted_and_forged_output(home: Home) -> None:
    """Compressed output is read, what is gone or no file is nothing."""
    path = home.output(7, 1, STARTED, "stdout")
    path.parent.mkdir(parents=True)
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(b"from long ago\n"))
    written = {"stdout": 14, "stderr": 5}
    assert OutputEnds(home).end_of(Attempt("a", 7, 1, STARTED, written), 100) == "from long ago\n"
    path.with_name(path.name + ".gz").write_bytes(b"\x1f\x8bnonsense")
    assert OutputEnds(home).end_of(Attempt("a", 7, 1, STARTED, written), 100) == ""
    path.symlink_to("/etc/passwd")
    assert OutputEnds(home).end_of(Attempt("a", 7, 1, STARTED, written), 100) == ""
