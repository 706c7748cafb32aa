"""A compressed segment comes back as it was, and nothing else comes back in its place."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.archive.compressed_segment import NotTheSegment, compress, compressed_name, decompressed
from eventstore.durable import REAL
from eventstore.regular_file import NotRegular
from eventstore.seal import Seal
from tests.support.disks import FaultyDisk

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PLAIN = b"".join(
    b'{"seq":%d,"hash":"%b"}\n' % (n, sha256(b"%d" % n).hexdigest().encode()) for n in range(40_000)
)
"""Longer than what is read, written or decompressed at once."""


def _seal(plain: bytes) -> Seal:
    return Seal(first=7, count=1, bytes=len(plain), sha256=sha256(plain).hexdigest(), last="")


def _packed(folder: Path, plain: bytes) -> bytes:
    source, target = folder / "plain", folder / "packed"
    source.write_bytes(plain)
    with source.open("rb") as reading, target.open("wb") as writing:
        done = compress(REAL, reading.fileno(), writing.fileno())
    raw = target.read_bytes()
    assert done == (len(raw), sha256(raw).hexdigest(), len(plain), sha256(plain).hexdigest())
    return raw


def _back(path: Path, seal: Seal) -> bytes:
    fd = decompressed(path, seal)
    try:
        return os.pread(fd, os.fstat(fd).st_size + 1, 0)
    finally:
        os.close(fd)


def _refused(folder: Path, raw: bytes, seal: Seal | None = None) -> str:
    """Why a file is refused."""
    path = folder / "refused"
    path.write_bytes(raw)
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(NotTheSegment) as refusal:
        decompressed(path, _seal(PLAIN) if seal is None else seal)
    assert sorted(os.listdir("/proc/self/fd")) == before
    return str(refusal.value)


@given(st.binary(max_size=3000), st.integers(1, 700))
def test_whatever_is_compressed_comes_back(
    tmp_path_factory: pytest.TempPathFactory, piece: bytes, times: int
) -> None:
    """The same bytes come back, and the same bytes are compressed to the same file."""
    folder, plain = tmp_path_factory.mktemp("back"), piece * times
    raw = _packed(folder, plain)
    assert _back(folder / "packed", _seal(plain)) == plain
    assert _packed(folder, plain) == raw


def test_it_is_one_frame_that_says_how_long_it_is(tmp_path: Path) -> None:
    """What other programs want to know before they decompress stands in front."""
    raw = _packed(tmp_path, PLAIN)
    assert zstd.get_frame_size(raw) == len(raw)
    assert zstd.get_frame_info(raw).decompressed_size == len(PLAIN)
    assert raw[4] & 0b100, "a checksum of the content"
    assert zstd.decompress(raw) == PLAIN


def test_its_name_is_that_of_the_segment() -> None:
    """`zstd -d` gives the segment the name that it had."""
    assert compressed_name(65_536) == "00000000000000065536.jsonl.zst"


@pytest.mark.parametrize("level", [-5, 3, 9])
def test_one_that_was_compressed_again_is_as_good(tmp_path: Path, level: int) -> None:
    """The seal decides, and not how it was compressed."""
    path = tmp_path / "again"
    path.write_bytes(zstd.compress(PLAIN, level=level))
    assert _back(path, _seal(PLAIN)) == PLAIN


def _bits(raw: bytes, window_log: int) -> bytes:
    return zstd.compress(
        raw,
        options={
            zstd.CompressionParameter.window_log: window_log,
            zstd.CompressionParameter.content_size_flag: 0,
        },
    )


DAMAGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda raw: b"", "ends too early"),
    "cut": (lambda raw: raw[:-1], "ends too early"),
    "half": (lambda raw: raw[: len(raw) // 2], "ends too early"),
    "not compressed": (lambda raw: PLAIN, "cannot be decompressed"),
    "gzip": (lambda raw: zlib.compress(PLAIN), "cannot be decompressed"),
    "a byte more": (lambda raw: raw + b"\0", "more follows"),
    "twice": (lambda raw: raw + raw, "more follows"),
    "an empty frame first": (lambda raw: zstd.compress(b"") + raw, "more follows"),
    "a longer segment": (lambda raw: zstd.compress(PLAIN + b"x"), "holds more than"),
    "a shorter segment": (lambda raw: zstd.compress(PLAIN[:-1]), "its seal says"),
    "another segment": (lambda raw: zstd.compress(PLAIN[:-2] + b"?\n"), "another digest"),
    "a bomb": (lambda raw: zstd.compress(bytes(300_000_000)), "holds more than"),
    "a window of 16 MiB": (lambda raw: _bits(PLAIN * 10, 24), "cannot be decompressed"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_anything_else_is_refused(tmp_path: Path, case: str) -> None:
    """It is said what is wrong with it, and nothing is left open."""
    damage, why = DAMAGED[case]
    assert why in _refused(tmp_path, damage(_packed(tmp_path, PLAIN)))


@given(st.data())
def test_a_changed_byte_is_found_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever byte of the compressed file is changed: what comes back is the segment, or a refusal."""
    folder, plain = tmp_path_factory.mktemp("changed"), PLAIN[:20_000]
    raw = bytearray(_packed(folder, plain))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path = folder / "changed"
    path.write_bytes(raw)
    with contextlib.suppress(NotTheSegment):
        assert _back(path, _seal(plain)) == plain


def test_no_more_is_kept_in_memory_than_the_seal_speaks_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that decompresses to very much stops at the first byte too many."""
    written: list[int] = []

    def write(_: int, data: bytes) -> int:
        written.append(len(data))
        return len(data)

    monkeypatch.setattr("os.write", write)
    _refused(tmp_path, zstd.compress(bytes(100_000_000)))
    assert sum(written) <= len(PLAIN)


@pytest.mark.parametrize("kind", ["fifo", "link", "folder", "device"])
def test_only_a_regular_file_is_opened(tmp_path: Path, kind: str) -> None:
    """A FIFO does not hold it up, and no link leads it elsewhere."""
    _packed(tmp_path, PLAIN)
    path = tmp_path / "hostile"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(tmp_path / "packed")
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/dev/zero")
    with pytest.raises(NotRegular):
        decompressed(path, _seal(PLAIN))


def test_a_file_that_is_not_there_is_told_as_that(tmp_path: Path) -> None:
    """That is no damage: whoever asks knows what to say."""
    with pytest.raises(FileNotFoundError):
        decompressed(tmp_path / "gone", _seal(PLAIN))


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """What cannot be written is no compressed segment."""
    disk = FaultyDisk("pwrite", 1, "before", errno.ENOSPC)
    source = tmp_path / "plain"
    source.write_bytes(PLAIN)
    with (
        source.open("rb") as reading,
        (tmp_path / "packed").open("wb") as writing,
        pytest.raises(OSError, match="space") as problem,
    ):
        compress(disk, reading.fileno(), writing.fileno())
    assert problem.value.errno == errno.ENOSPC


def test_a_segment_that_shrinks_meanwhile_is_refused(tmp_path: Path) -> None:
    """The frame says in front how long the segment is; one that is shorter gives no such frame."""
    source = tmp_path / "plain"
    source.write_bytes(PLAIN)
    told: list[int] = []

    def cut(done: int) -> None:
        told.append(done)
        os.truncate(source, done)

    with (
        source.open("rb") as reading,
        (tmp_path / "packed").open("wb") as writing,
        pytest.raises(NotTheSegment),
    ):
        compress(REAL, reading.fileno(), writing.fileno(), cut)
    assert told == [1024 * 1024]
