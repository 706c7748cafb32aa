"""The text of a config that was applied: what goes to a database, and comes from there to every machine.

One YAML document, whatever the number of files, in which digests stand for what may be secret. Its first line is a
comment that says with which salt those were made, as a digest, and which code the jobs in Python had. The same config
in the same home always gives the same text, and the SHA-256 of it is the digest of the config.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from scheduler.configuration.applied.withheld import withheld_in, without_secrets
from scheduler.configuration.applied.yaml_text import yaml_text
from scheduler.configuration.files.config_tree import collector_paused, tree_of
from scheduler.configuration.files.joined import ConfigFile
from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.yaml_tree.problems import Problems, TooManyMistakes
from scheduler.configuration.yaml_tree.tree import InvalidYaml, Mapping

_BEGIN: Final = b"# cronledger: applied "
_FORMAT: Final = 1


class _Header(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The first line, behind its beginning."""

    format: int = 0
    salt: str = ""
    extensions: dict[str, str] = {}


class NotApplied(Exception):
    """Something is no text of an applied config, or one of a later version; the message says which."""


class AppliedText(NamedTuple):
    """An applied config.

    Attributes:
        raw: its bytes.
        salt: what `salt_mark` makes of the salt with which its digests were made; empty: it has none.
        extensions: the files in which its jobs in Python are, each with the digest of its folder's code.
        top: its tree.
    """

    raw: bytes
    salt: str
    extensions: AbstractMapping[str, str]
    top: Mapping

    @property
    def digest(self) -> str:
        """By which `config.accepted` names it."""
        return sha256(self.raw).hexdigest()


def salt_mark(salt: bytes) -> str:
    """By what homes with the same salt are told from others; of the salt, which nobody guesses, it tells nothing."""
    return env_digest("", "", salt)


def tree_of_files(files: Sequence[ConfigFile]) -> Mapping | None:
    """The tree of a config, whatever it says; None if its files are no YAML."""
    try:
        with collector_paused():
            return tree_of(files, Problems())[1]
    except (InvalidYaml, TooManyMistakes):
        return None


def applied_text(top: Mapping, salt: bytes, extensions: AbstractMapping[str, str]) -> AppliedText:
    """The text of a config.

    Args:
        top: the tree of a valid config.
        salt: of the home.
        extensions: as `AppliedText` has it.
    """
    has_secrets = any(True for _ in withheld_in(top))
    mark = salt_mark(salt) if has_secrets else ""
    header = _Header(format=_FORMAT, salt=mark, extensions=dict(sorted(extensions.items())))
    bare = without_secrets(top, salt)
    raw = _BEGIN + msgspec.json.encode(header) + b"\n" + yaml_text(bare).encode()
    return AppliedText(raw, mark, header.extensions, bare)


def read_applied(raw: bytes) -> AppliedText:
    """An applied config from its bytes.

    Raises:
        NotApplied: it is none, or a later version has written it.
    """
    first, _, _ = raw.partition(b"\n")
    try:
        header = msgspec.json.decode(first.removeprefix(_BEGIN), type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        header = _Header()
    if not first.startswith(_BEGIN) or header.format < _FORMAT:
        raise NotApplied("it is not the text of an applied config")
    if header.format > _FORMAT:
        raise NotApplied("a later version of cronledger has applied it")
    top = tree_of_files([ConfigFile("", raw)])
    if top is None:
        raise NotApplied("it is not the text of an applied config")
    return AppliedText(raw, header.salt, header.extensions, top)
