"""Units in the folder of a service manager: which are ours and as we wrote them, and putting one in place."""

from __future__ import annotations

import enum
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from cli.install.unit_text import Unit
from eventstore.durable import REAL, write_file
from eventstore.regular_file import read_regular

_BYTES_MAX: Final = 256 * 1024
_BEGINS: Final = "# Written by `cronledger install systemd`."
_OF: Final = "# Of "
_DIGEST: Final = "# SHA-256 of all below: "
KEPT_SUFFIX: Final = ".before"
_UNIT_MODE: Final = 0o644
OTHER_FOLDERS: Final = (
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)


class Standing(enum.Enum):
    """What stands where a unit is to be written."""

    ABSENT = "absent"
    SAME = "same"
    OURS = "ours"
    """We wrote it, for the same folder, and nobody edited it."""
    OF_ANOTHER = "of another"
    """We wrote it, for another folder."""
    EDITED = "edited"
    FOREIGN = "foreign"
    MASKED = "masked"


class Found(NamedTuple):
    """What stands there, and where: not always where it would be written."""

    standing: Standing
    path: Path
    of: str = ""


def marked(unit: Unit) -> str:
    """The whole file: the unit's text, and before it whose it is and a digest that tells an edit."""
    text = unit.text()
    digest = hashlib.sha256(text.encode()).hexdigest()
    edit = "# Change nothing here: `systemctl edit` adds settings in a file of its own, which stays as it is."
    return f"{_BEGINS}\n{edit}\n{_OF}{json.dumps(unit.of)}\n{_DIGEST}{digest}\n\n{text}"


def look(folder: Path, unit: Unit, *, is_system: bool) -> Found:
    """What stands where a unit is to be written.

    Raises:
        OSError: it cannot be read.
    """
    path = folder / unit.file_name
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        for other in OTHER_FOLDERS if is_system else ():
            if (Path(other) / unit.file_name).exists():
                return Found(Standing.FOREIGN, Path(other) / unit.file_name)
        return Found(Standing.ABSENT, path)
    if stat.S_ISLNK(mode) and os.path.realpath(path) == os.devnull:
        return Found(Standing.MASKED, path)
    if not stat.S_ISREG(mode):
        return Found(Standing.FOREIGN, path)
    text = read_regular(path, _BYTES_MAX).decode("utf-8", "surrogateescape")
    if text == marked(unit):
        return Found(Standing.SAME, path)
    return _judged(path, text, unit)


def put(folder: Path, unit: Unit, *, keep: bool) -> tuple[Path, Path | None]:
    """Write a unit, atomically; its path, and where what stood there is kept.

    Args:
        folder: where; it is made if it is not there.
        unit: what.
        keep: whether what stood there stays beside it, with `.before` at its end; of a link, only where it leads.

    Raises:
        OSError: it cannot be written; what stood there is as it was.
    """
    path, kept = folder / unit.file_name, None
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if keep and path.is_file() and not path.is_symlink():
        kept = path.with_name(path.name + KEPT_SUFFIX)
        write_file(REAL, kept, read_regular(path, _BYTES_MAX), durable=False)
    write_file(REAL, path, marked(unit).encode())
    path.chmod(_UNIT_MODE)
    return path, kept


def _judged(path: Path, text: str, unit: Unit) -> Found:
    head, blank, body = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines[0] != _BEGINS or len(lines) != 4 or not lines[2].startswith(_OF):
        return Found(Standing.FOREIGN, path)
    try:
        of = json.loads(lines[2].removeprefix(_OF))
    except ValueError:
        of = ""
    digest = hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()
    if lines[3] != f"{_DIGEST}{digest}":
        return Found(Standing.EDITED, path)
    if of != unit.of:
        return Found(Standing.OF_ANOTHER, path, str(of))
    return Found(Standing.OURS, path)
