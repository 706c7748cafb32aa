"""Where the key of a home is: a file, or a command that signs; and what lies beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from scheduler.evidence.settings import DEFAULT_KEY_FILE, LedgerSettings
from scheduler.home import Home


class KeyPlace(NamedTuple):
    """Where the key is.

    Attributes:
        file: the private key; None if a command signs.
        command: program and arguments; empty if the key is in a file.
        state: what the signer remembers of the tree that it signed last.
    """

    file: Path | None
    command: tuple[str, ...]
    state: Path

    @property
    def lock(self) -> Path:
        """Held by the process that signs; never removed."""
        return self.state.with_name(f"{self.state.name}.lock")

    @property
    def successor(self) -> Path:
        """The next private key, until the ledger says that it signs from now on."""
        assert self.file is not None, "a key behind a command is somebody else's to keep"
        return self.file.with_name(f"{self.file.name}.next")

    @property
    def words(self) -> str:
        """The place, for messages."""
        return f"the command {self.command[0]}" if self.file is None else str(self.file)


def key_place(home: Home, settings: LedgerSettings) -> KeyPlace:
    """Where the config says that the key is."""
    key = settings.key
    return place_of(home, None, ()) if key is None else place_of(home, key.file, key.command or ())


def place_of(home: Home, file_name: str | None, command: Sequence[str]) -> KeyPlace:
    """Where the key is that stands in a file, None for that of the home, or behind a command, if there is one."""
    root = Path(os.path.abspath(home.root))
    if command:
        return KeyPlace(None, tuple(command), root / "keys" / "signer.state")
    file = root / (file_name or DEFAULT_KEY_FILE)
    return KeyPlace(file, (), file.with_name(f"{file.name}.state"))
