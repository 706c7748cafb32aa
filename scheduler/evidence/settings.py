"""How a ledger is signed and who else remembers what was signed: the `ledger:` block of the config."""

from __future__ import annotations

import msgspec

from scheduler.evidence.anchors.settings import AnchorSettings

DEFAULT_KEY_FILE = "keys/signing-key"
"""The private key, unless the config says where it is; relative to the home."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """Where the private key is: in a file, or behind a command that signs; without either, in the home.

    Attributes:
        file: its path, absolute or relative to the home.
        command: program and arguments; it gets the text on its standard input and writes the signature line.
    """

    file: str | None = None
    command: list[str] | None = None


class CheckpointTimes(msgspec.Struct, frozen=True, kw_only=True):
    """When the next checkpoint is signed: after so many entries, or after so long if there is any."""

    entries: int = 1_000
    interval_ms: int = 3_600_000


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The `ledger:` block.

    Attributes:
        store: the database that the ledger is in, as a URL without a password; None is the home itself.
        key: what signs; None is the file in the home.
        origin: how checkpoints name the ledger; None is `cronledger/` and its id.
        checkpoint: when the next one is signed.
        anchors: who else remembers checkpoints.
    """

    store: str | None = None
    key: SigningKey | None = None
    origin: str | None = None
    checkpoint: CheckpointTimes = CheckpointTimes()
    anchors: list[AnchorSettings] = []
