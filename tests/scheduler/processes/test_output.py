from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.processes import OutputDigest
from scheduler.processes.output.output import SLICE_BYTES, SMALL_BYTES
from scheduler.processes.spawner import FileIdentity
from tests.support.examples import examples


def digest_of(path: Path, budget_bytes: int = SLICE_BYTES) -> tuple[OutputDigest, int]:
    """The finished digest and the number of turns it took."""
    digest = OutputDigest(str(path))
    turns = 1
    while not digest.advance(budget_bytes):
        turns += 1
    assert digest.advance(), "once done, it stays done"
    return digest, turns


@pytest.mark.parametrize("content", [b"x", b"half \xc3", bytes(range(256)) * 1000, b"\0" * SMALL_BYTES])
def test_small_file(tmp_path: Path, content: bytes) -> None:
    """A file up to the small size is done in one turn, whatever its bytes are."""
    path = tmp_path / "5-1.stdout"
    path.write_bytes(content)
    digest, turns = digest_of(path, 1)
    assert turns == 1
    assert (digest.size_bytes, digest.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert digest.problem is None
    assert path.exists()


@settings(max_examples=examples(15), deadline=None)
@given(size=st.integers(SMALL_BYTES - 2, 5 * SMALL_BYTES), budget=st.integers(1, 3 * SMALL_BYTES))
def test_slices_make_the_whole(tmp_path_factory: pytest.TempPathFactory, size: int, budget: int) -> None:
    """However it is sliced, the digest is that of the whole file."""
    content = (b"0123456789abcdef\n" * (size // 17 + 1))[:size]
    path = tmp_path_factory.mktemp("output") / "big"
    path.write_bytes(content)
    digest, turns = digest_of(path, budget)
    assert (digest.size_bytes, digest.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert turns == -(-size // max(budget, SMALL_BYTES))


def test_huge_file_never_blocks(tmp_path: Path) -> None:
    """A huge file takes many turns, each reading no more than its slice and none of them long."""
    path = tmp_path / "huge"
    with path.open("wb") as output:
        output.truncate(100 * SLICE_BYTES)
    digest = OutputDigest(str(path))
    slowest_s, done = [], False
    while not done:
        before_bytes, started = digest.size_bytes, time.thread_time()
        done = digest.advance()
        slowest_s.append(time.thread_time() - started)
        assert digest.size_bytes - before_bytes <= SLICE_BYTES
    assert len(slowest_s) == 100
    assert sorted(slowest_s)[50] < 0.005
    assert digest.size_bytes == 100 * SLICE_BYTES


def test_empty_file_is_removed(tmp_path: Path) -> None:
    """An empty file goes away and counts as no output."""
    path = tmp_path / "empty"
    path.touch()
    digest, _ = digest_of(path)
    assert (digest.size_bytes, digest.sha256, digest.problem) == (0, None, None)
    assert not path.exists()


def test_missing_file(tmp_path: Path) -> None:
    """A file that someone deleted is reported as such."""
    digest, _ = digest_of(tmp_path / "none")
    assert (digest.size_bytes, digest.sha256, digest.problem) == (0, None, "it was deleted")


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_regular_files(tmp_path: Path, kind: str) -> None:
    """Symbolic links are not followed; folders and pipes are refused without waiting for them."""
    path = tmp_path / "output"
    if kind == "link":
        (tmp_path / "secret").write_text("secret")
        path.symlink_to(tmp_path / "secret")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    digest, _ = digest_of(path)
    assert (digest.size_bytes, digest.sha256, digest.problem) == (0, None, "it is not a regular file")
    assert os.path.lexists(path)


@pytest.mark.parametrize("planted", [b"planted", b""])
def test_only_the_file_that_was_made(tmp_path: Path, planted: bytes) -> None:
    """A file that took the place of the one that was made is neither hashed nor removed."""
    path = tmp_path / "output"
    path.write_bytes(b"ours")
    made = path.stat()
    digest = OutputDigest(str(path), FileIdentity(made.st_dev, made.st_ino))
    assert digest.advance()
    assert digest.size_bytes == 4
    path.rename(tmp_path / "moved")
    path.write_bytes(planted)
    digest = OutputDigest(str(path), FileIdentity(made.st_dev, made.st_ino))
    assert digest.advance()
    assert (digest.size_bytes, digest.sha256) == (0, None)
    assert digest.problem == "another file stands in its place"
    assert path.read_bytes() == planted


def test_file_that_grows(tmp_path: Path) -> None:
    """What is appended after the first turn is not counted."""
    path = tmp_path / "grows"
    content = b"x" * (2 * SLICE_BYTES)
    path.write_bytes(content)
    digest = OutputDigest(str(path))
    assert not digest.advance()
    with path.open("ab") as output:
        output.write(b"later")
    assert digest.advance()
    assert (digest.size_bytes, digest.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_file_that_shrinks(tmp_path: Path) -> None:
    """A file that is cut while it is read has no digest, and says why."""
    path = tmp_path / "shrinks"
    path.write_bytes(b"x" * (2 * SLICE_BYTES))
    digest = OutputDigest(str(path))
    assert not digest.advance()
    os.truncate(path, 10)
    assert digest.advance()
    assert (digest.sha256, digest.problem) == (None, "it was cut while it was read")


def test_giving_up_frees_the_file(tmp_path: Path) -> None:
    """A digest that is given up halfway leaves no open file."""
    before = len(os.listdir("/proc/self/fd"))
    path = tmp_path / "big"
    path.write_bytes(b"x" * (2 * SLICE_BYTES))
    digest = OutputDigest(str(path))
    digest.advance()
    digest.close()
    digest.close()
    assert len(os.listdir("/proc/self/fd")) == before
