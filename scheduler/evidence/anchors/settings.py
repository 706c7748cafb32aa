"""An anchor as the config names it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Literal

import msgspec

AnchorKind = Literal["file", "webhook", "command", "witness", "timestamp"]
_DIGEST_CHARS = 8
_URL = re.compile(r"(?P<scheme>[a-z]+)://(?:[^/?#]*@)?(?P<host>[^/?#@]*)(?P<path>[^?#]*).*", re.DOTALL)


class AnchorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One element of `ledger: anchors:`.

    Attributes:
        kind: what it is.
        target: a folder, absolute or relative to the home; a URL; or the program of a command.
        arguments: of the command.
        recall: of a command: program and arguments that print the newest checkpoint that is remembered.
        key: of a witness: its public key, as NAME+ID+KEY.
        monitoring: of a witness: where it shows what it cosigned last, if that is elsewhere.
        certificates: of a time stamper: the file of the certificates that are trusted.
        authorization: a file with what is sent as `Authorization:`.
        same_filesystem: whether a folder may be on the file system of the ledger.
    """

    kind: AnchorKind
    target: str
    arguments: list[str] = []
    recall: list[str] = []
    key: str | None = None
    monitoring: str | None = None
    certificates: str | None = None
    authorization: str | None = None
    same_filesystem: bool = False

    @property
    def name(self) -> str:
        """Its kind and target, as the ledger names it: without what may be secret.

        Paths and queries of webhooks often are, and so are arguments: a digest tells one from the other.
        """
        if self.kind == "file":
            return f"file {self.target}"
        if self.kind == "command":
            return f"command {self.target}{_digest(self.arguments)}"
        url = _URL.fullmatch(self.target)
        scheme, host, path = (url["scheme"], url["host"], url["path"]) if url else ("", "", "")
        if self.kind == "webhook":
            return f"webhook {scheme}://{host}{_digest([self.target])}"
        return f"{self.kind} {scheme}://{host}{path}"


def _digest(words: list[str]) -> str:
    if not words:
        return ""
    return f" ({sha256(chr(0).join(words).encode()).hexdigest()[:_DIGEST_CHARS]})"
