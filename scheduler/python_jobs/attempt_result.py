"""What a Python job said of its attempt, in a file beside its output: written by its process, read when that ended.

From its start to its end the file holds what is to be said if the process ended now, so that one that is killed, or
calls `os._exit`, leaves a true sentence. Anybody may have written what stands there: it is read strictly, in bounds.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Final

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.nesting import nests_deeper
from eventstore.regular_file import open_regular, read_regular

FILE_BYTES_MAX: Final = 64 * 1024
MESSAGE_MAX_CHARS: Final = 1_000
ERROR_MAX_CHARS: Final = 1_000
METRICS_MAX: Final = 32
METRIC_TEXT_MAX_CHARS: Final = 200
METRICS_BYTES_MAX: Final = 8_000
"""Together, as they are recorded: an entry of the ledger is one line of bounded length."""
_IN_PLACE_BYTES_MAX: Final = 4_096
"""A page: what is written to it at once is there as a whole, even if the process is killed meanwhile."""
_METRIC_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_INTEGER_MAX: Final = 2**63 - 1


class AttemptResult(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True
):
    """What is to be recorded of an attempt.

    Attributes:
        secret_sha256: digest of the secret of the attempt that wrote it.
        succeeded: whether the job did what was wanted.
        error: what went wrong, in words.
        message, items_processed, items_failed, metrics: as the job said them; see `JobResult`.
    """

    secret_sha256: str = ""
    succeeded: bool = False
    error: str = ""
    message: str = ""
    items_processed: int | None = None
    items_failed: int | None = None
    metrics: dict[str, int | float | bool | str] = {}

    def problem(self) -> str:
        """Why it cannot be recorded; empty if it can."""
        if len(self.message) > MESSAGE_MAX_CHARS or len(self.error) > ERROR_MAX_CHARS:
            return f"its message is longer than {MESSAGE_MAX_CHARS:,} characters"
        for name, count in (
            ("items_processed", self.items_processed),
            ("items_failed", self.items_failed),
        ):
            if count is not None and not 0 <= count <= _INTEGER_MAX:
                return f"its {name} is {count}, which counts nothing"
        return self._metrics_problem()

    def _metrics_problem(self) -> str:
        if len(self.metrics) > METRICS_MAX:
            return f"it has {len(self.metrics)} metrics: {METRICS_MAX} is the most"
        for name, value in self.metrics.items():
            if _METRIC_NAME.fullmatch(name) is None:
                return (
                    f"{name[:80]!r} is not the name of a metric: letters, digits, '_', '.' and '-' make one"
                )
            if isinstance(value, float) and not math.isfinite(value):
                return f"its metric {name} is {value}, which cannot be recorded"
            if isinstance(value, int) and abs(value) > _INTEGER_MAX:
                return f"its metric {name} has more than 64 bits"
            if isinstance(value, str) and len(value) > METRIC_TEXT_MAX_CHARS:
                return f"its metric {name} is longer than {METRIC_TEXT_MAX_CHARS} characters"
        if recorded_bytes(self.metrics) > METRICS_BYTES_MAX:
            return f"its metrics are longer than {METRICS_BYTES_MAX:,} bytes"
        return ""


def recorded_bytes(value: object) -> int:
    """At most how many bytes a value takes in an entry, where what is not ASCII is escaped."""
    encoded = msgspec.json.encode(value)
    return len(encoded) + 5 * sum(byte >= 0x80 for byte in encoded)


class UnfitResult(ValueError):
    """What stands in the file is no result; the message says why."""


def write_result(path: str, result: AttemptResult) -> None:
    """Put a result into its file (0600), in place of the one before; nobody ever sees half of one.

    Raises:
        OSError: it cannot be written.
    """
    beside = Path(f"{path}.{os.getpid()}")  # not hidden: retention takes what a killed process leaves
    write_file(REAL, Path(path), msgspec.json.encode(result), durable=False, beside=beside)


def rewrite_result(path: str, result: AttemptResult) -> None:
    """Put a result in place of one that this process has written, as nobody reads it before the process has ended.

    A short one is written over the old one by one call, filled up with blanks: many a file system has a file that is
    renamed over another one on its way to the disk before it goes on.

    Raises:
        OSError: as `write_result`.
    """
    data = msgspec.json.encode(result)
    if len(data) > _IN_PLACE_BYTES_MAX or not _written_over(path, data):
        write_result(path, result)


def _written_over(path: str, data: bytes) -> bool:
    """Write over a file of ours that has no other name; False if it is none, or if not all could be written."""
    try:
        descriptor = open_regular(path, os.O_WRONLY)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        if (found.st_uid, found.st_nlink) != (os.geteuid(), 1) or found.st_size > _IN_PLACE_BYTES_MAX:
            return False
        data = data.ljust(found.st_size)
        return os.pwrite(descriptor, data, 0) == len(data)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def read_result(path: str, secret_sha256: str | None) -> AttemptResult | None:
    """The result that an attempt left; None if there is no file.

    Args:
        path: of the file.
        secret_sha256: the digest of the attempt's secret, as it is on record; None if it has none.

    Raises:
        UnfitResult: what stands there cannot be believed or recorded.
    """
    try:
        raw = read_regular(path, FILE_BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnfitResult(f"its result cannot be read: {error.strerror or error}") from None
    try:
        if nests_deeper(raw, 3):
            raise UnfitResult("its result cannot be read: it is no result of a job")
        result = msgspec.json.decode(raw, type=AttemptResult)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnfitResult("its result cannot be read: it is no result of a job") from None
    if secret_sha256 is not None and result.secret_sha256 != secret_sha256:
        raise UnfitResult("its result cannot be read: what stands there is of another attempt")
    if problem := result.problem():
        raise UnfitResult(f"its result cannot be recorded: {problem}")
    return result
