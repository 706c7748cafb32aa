"""`anchors` in the `ledger:` block: who else remembers its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from typing import Any, Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values.blocks import Members, Reader, block, member
from scheduler.configuration.keys.block_values.evidence import command
from scheduler.configuration.keys.converters import FaultCollector
from scheduler.configuration.keys.values import boolean, file_path, folder, text
from scheduler.configuration.keys.web_address import is_web_address
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import Fault, InvalidValue
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Sequence
from scheduler.evidence.anchors.settings import AnchorSettings

ANCHORS_TAKE: Final = "a list such as [{file: /mnt/worm/ledger}, {witness: URL, key: VKEY}]"
ANCHORS_MAX: Final = 16
NONE: Final = "none"
_URL: Final = "an address such as https://example.org/checkpoints"
_VKEY: Final = "the public key of the witness, as `cronledger witness key show` prints it"
_KINDS: Final = ("file", "webhook", "command", "witness", "timestamp")
_OPTIONS: Final[AbstractMapping[str, tuple[str, ...]]] = {
    "file": ("same_filesystem",),
    "webhook": ("authorization",),
    "command": ("recall",),
    "witness": ("key", "monitoring", "authorization"),
    "timestamp": ("certificates", "authorization"),
}
"""What may stand beside each kind."""
_NEEDED: Final = {
    "witness": (
        "key",
        "without its key nobody can tell whether it cosigned: add key: VKEY, which its owner gives",
    ),
    "timestamp": (
        "certificates",
        "without certificates nobody can tell whose time stamp it is: add certificates: FILE, a file of PEM",
    ),
}


@of_form(lambda: written_form.one_or_more(written_form.block_of(_KEYS), ANCHORS_MAX))
def anchors(node: Node) -> list[AnchorSettings]:
    """All anchors; a single one needs no list."""
    if isinstance(node, Sequence):
        items = node.items
    elif isinstance(node, Mapping) and node.entries:
        items = [node]
    else:
        what = "a mapping" if isinstance(node, Mapping) else "a single value"
        raise InvalidValue(f"this takes {ANCHORS_TAKE}, not {what}")
    if len(items) > ANCHORS_MAX:
        raise InvalidValue(f"these are {len(items)} anchors: a ledger has at most {ANCHORS_MAX}")
    gathered = FaultCollector()
    found: list[AnchorSettings] = []
    for item in items:
        anchor = gathered.take(_anchor, item)
        if anchor is None:
            continue
        if any(each.name == anchor.name for each in found):
            gathered.faults.append(Fault(f"this anchor is there already: {anchor.name}", "", item))
        found.append(anchor)
    gathered.settle()
    return found


def shown_anchors(value: list[AnchorSettings]) -> str:
    """By kind and target, without what may be secret."""
    return ", ".join(each.name for each in value) or NONE


def _anchor(node: Node) -> AnchorSettings:
    members = block(node, "an anchor", "a mapping such as {file: /mnt/worm/ledger}", _KEYS, _SYNONYMS)
    if members is None or not isinstance(node, Mapping):
        raise InvalidValue("this takes a mapping such as {file: /mnt/worm/ledger}, not 'none'")
    kinds = [word for word in node.entries if word in _KINDS]
    if len(kinds) != 1:
        raise InvalidValue(f"an anchor is exactly one of {', '.join(_KINDS)}")
    kind = kinds[0]
    for word, (key, _) in node.entries.items():
        if word != kind and word not in _OPTIONS[kind]:
            takes = ", ".join(_OPTIONS[kind])
            raise InvalidValue(f"{word} does not belong to a {kind}, which takes {takes}", node=key)
    if kind in _NEEDED and _NEEDED[kind][0] not in node.entries:
        raise InvalidValue(_NEEDED[kind][1])
    return AnchorSettings(kind=kind, **members)  # type: ignore[arg-type]


@of_form(written_form.TEXT)
def _url(node: Node) -> str:
    """An address of HTTP."""
    written = text(node, _URL)
    if not is_web_address(written):
        raise InvalidValue(f"this takes {_URL}, not {written!r}")
    return written


@of_form(lambda: written_form.form_of(command))
def _program(node: Node) -> Members:
    program, *arguments = command(node)
    return {"target": program, "arguments": arguments}


@of_form(written_form.TEXT)
def _vkey(node: Node) -> str:
    written: Any = text(node, _VKEY)
    if written.count("+") < 2 or any(char.isspace() for char in written):
        raise InvalidValue(f"this takes {_VKEY}, not {written!r}")
    return str(written)


_KEYS: Final[dict[str, Reader]] = {
    "file": member("target", folder),
    "webhook": member("target", _url),
    "command": _program,
    "witness": member("target", _url),
    "timestamp": member("target", _url),
    "recall": member("recall", command),
    "key": member("key", _vkey),
    "monitoring": member("monitoring", _url),
    "certificates": member("certificates", file_path),
    "authorization": member("authorization", file_path),
    "same_filesystem": member("same_filesystem", boolean),
}
_SYNONYMS: Final = {
    "dir": "file",
    "directory": "file",
    "folder": "file",
    "path": "file",
    "url": "webhook",
    "http": "webhook",
    "vkey": "key",
    "tsa": "timestamp",
    "ca": "certificates",
}
