"""The types of entries about a ledger, its home and its config."""

from datetime import datetime
from typing import ClassVar, Literal

from scheduler.entry_members import Claims, ConfigError, RetentionFailure, RetentionTarget
from scheduler.vocabulary.payload import Payload


class LedgerCreated(Payload, frozen=True):
    """Entry 0: this ledger begins. `segment_entries` is written only where it is not 65,536."""

    TYPE: ClassVar[str] = "ledger.created"
    ledger: str
    format: int
    software: str = ""
    segment_entries: int | None = None


class LedgerRecovered(Payload, frozen=True):
    """A crash had left an unfinished write at the end; its bytes were set aside and the segment was cut.

    Entry `seq` was expected where they began, at byte `offset` of the file `segment`.
    """

    TYPE: ClassVar[str] = "ledger.recovered"
    bytes: int
    sha256: str
    seq: int = 0
    segment: str = ""
    offset: int = 0


class HomeAdopted(Payload, frozen=True):
    """The home in the folder `path` is a copy of another one, and goes on by itself from here.

    What it starts carries `home` from now on, so that neither home takes the other's processes for its own. Runs that
    were going are the other's.
    """

    TYPE: ClassVar[str] = "home.adopted"
    home: str
    path: str
    claims: Claims | None = None


class SnapshotWritten(Payload, frozen=True):
    """The folded state up to entry `entry` was kept in a file, so that opening the home need not fold it again.

    `sha256` is the digest of the file, `code` that of the folding code. A snapshot that no such entry speaks of is
    not used.
    """

    TYPE: ClassVar[str] = "snapshot.written"
    entry: int
    sha256: str
    code: str


class ConfigAccepted(Payload, frozen=True):
    """An edited config came into force; `job.*` entries beside this one say what it changed."""

    TYPE: ClassVar[str] = "config.accepted"
    config: str
    jobs: int


class ConfigRejected(Payload, frozen=True):
    """An edited config is invalid: the last good one stays in force."""

    TYPE: ClassVar[str] = "config.rejected"
    config: str
    errors: list[ConfigError]
    error_count: int


class RetentionApplied(Payload, frozen=True):
    """Logs or sessions older than `cutoff` were deleted, or with `dry_run` only counted.

    `failures` holds the first of `failed`; both lists are bounded. `refused` says why nothing was deleted though that
    was asked for: what is on record contradicts the clock; the numbers are what would have been deleted.
    """

    TYPE: ClassVar[str] = "retention.applied"
    kind: Literal["logs", "sessions"]
    cutoff: datetime
    dry_run: bool
    deleted: int
    deleted_bytes: int
    failed: int
    targets: list[RetentionTarget]
    failures: list[RetentionFailure] = []
    refused: str | None = None
