"""A sealed segment as a compressed file, and back again: what comes back is compared with the segment's seal.

The form is Zstandard (RFC 8878): one frame that says how long the segment is, with a checksum of its content. So
`zstd -d` reads it, and needs nothing else. Which bytes the compressed file has is of no importance to a reader: the
seal speaks of the segment. With one version of the library, the same segment always gives the same file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from eventstore.durable import Disk, write_all
from eventstore.regular_file import open_regular
from eventstore.seal import Seal
from eventstore.segment import segment_name

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESSED_SUFFIX = ".zst"

Progress = Callable[[int], None]
"""Called from time to time with the number of bytes of the segment that have been compressed."""

_LEVEL = 1
"""Most of a line is digests in hex, in which higher levels find repetitions that are none: they give longer files."""
_WINDOW_LOG_MAX = 23
"""8 MiB: what RFC 8878 (3.1.1.1.2) recommends that every reader supports, and that no writer goes beyond."""
_READ_BYTES = 256 * 1024
_WRITE_BYTES = 1024 * 1024


class NotTheSegment(ValueError):
    """A file does not hold, compressed, the segment that its seal speaks of; the text says what is wrong with it."""


class Compression(NamedTuple):
    """A segment that was compressed.

    Attributes:
        bytes: the length of the compressed file.
        sha256: its digest, in hex.
        plain_bytes: the length of the segment.
        plain_sha256: the digest of the segment, to be compared with its seal.
    """

    bytes: int
    sha256: str
    plain_bytes: int
    plain_sha256: str


def compressed_name(first: int) -> str:
    """The file name of the compressed segment whose first entry is `first`."""
    return segment_name(first) + COMPRESSED_SUFFIX


def compress(disk: Disk, source: int, target: int, progress: Progress | None = None) -> Compression:
    """Compress a segment; nothing is flushed.

    Args:
        disk: the system calls.
        source: the segment, which does not change meanwhile.
        target: an empty file.
        progress: called as it proceeds.

    Raises:
        NotTheSegment: the segment changed its length.
        OSError: it cannot be read, or not be written.
    """
    size = os.fstat(source).st_size
    options = zstd.CompressionParameter
    compressor = zstd.ZstdCompressor(
        options={
            options.compression_level: _LEVEL,
            options.window_log: _WINDOW_LOG_MAX,
            options.checksum_flag: 1,
        }
    )
    compressor.set_pledged_input_size(size)
    plain, packed, read_bytes, written_bytes = sha256(), sha256(), 0, 0

    def write(data: bytes) -> None:
        nonlocal written_bytes
        packed.update(data)
        write_all(disk, target, data, written_bytes)
        written_bytes += len(data)

    try:
        while chunk := os.pread(source, _WRITE_BYTES, read_bytes):
            read_bytes += len(chunk)
            plain.update(chunk)
            if out := compressor.compress(chunk):
                write(out)
            if progress is not None:
                progress(read_bytes)
        write(compressor.flush())
    except zstd.ZstdError as problem:
        raise NotTheSegment(f"it was {size:,} bytes long, and changed while it was read") from problem
    return Compression(written_bytes, packed.hexdigest(), read_bytes, plain.hexdigest())


def decompressed(path: Path, seal: Seal) -> int:
    """Decompress a segment into memory, and compare it with its seal.

    No more is decompressed than the seal speaks of, whatever the file says.

    Returns:
        A descriptor of a file that has no name and is gone when it is closed.

    Raises:
        NotTheSegment: the file does not hold what the seal speaks of.
        NotRegular: the path names a link, or something else that is no regular file.
        OSError: the file cannot be read, or there is no memory for it.
    """
    with open(open_regular(path), "rb") as packed:
        memory = os.memfd_create(segment_name(seal.first), os.MFD_CLOEXEC)
        try:
            _decompress(packed.fileno(), memory, seal)
        except BaseException:
            os.close(memory)
            raise
    return memory


def _decompress(packed: int, memory: int, seal: Seal) -> None:
    digest, size = sha256(), 0
    for chunk in _plain(packed, seal.bytes):
        digest.update(chunk)
        _write_to_memory(memory, chunk)
        size += len(chunk)
    if size != seal.bytes:
        raise NotTheSegment(f"it holds {size:,} bytes, and its seal says {seal.bytes:,}")
    if digest.hexdigest() != seal.sha256:
        raise NotTheSegment("what it holds has another digest than its seal says")


def _plain(packed: int, bytes_max: int) -> Iterator[bytes]:
    """What one frame holds, as pieces of at most 1 MiB.

    Raises:
        NotTheSegment: it is not one whole frame, holds more than `bytes_max`, or more follows it.
    """
    decompressor = zstd.ZstdDecompressor(
        options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG_MAX}
    )
    left = bytes_max
    offset, raw = 0, b""
    try:
        while not decompressor.eof:
            if decompressor.needs_input:
                raw = os.pread(packed, _READ_BYTES, offset)
                offset += len(raw)
                if not raw:
                    raise NotTheSegment("it ends too early")
            else:
                raw = b""
            # One byte more than there may be: so a file that holds more is seen to.
            chunk = decompressor.decompress(raw, min(_WRITE_BYTES, left + 1))
            left -= len(chunk)
            if left < 0:
                raise NotTheSegment(f"it holds more than the {bytes_max:,} bytes that its seal says")
            if chunk:
                yield chunk
    except zstd.ZstdError as problem:
        raise NotTheSegment(f"it cannot be decompressed: {problem}") from None
    if decompressor.unused_data or os.pread(packed, 1, offset):
        raise NotTheSegment("more follows behind its end")


def _write_to_memory(memory: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(memory, view) :]
