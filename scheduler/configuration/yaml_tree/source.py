"""From the bytes of a config file to text that can be trusted to mean what it looks like.

Refused here: what is not UTF-8, and characters that cannot be seen but change how lines are counted or
values are read. Afterwards a line ends with LF or CRLF and nothing else, so that every tool agrees on what
line 12 is.
"""

from __future__ import annotations

import re

from scheduler.configuration.files.joined import FILES_BYTES_MAX
from scheduler.configuration.yaml_tree.problems import Problems

_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_SEEN_ASCII = bytes([0x09, 0x0A, *range(0x20, 0x7F)])
# Beside what YAML 1.1 (section 5.1) forbids: lone CR, NEL, LS and PS, which YAML takes for line ends and
# editors do not, and a BOM in the middle.
_UNSEEN = (
    r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\r(?!\n)"
)


def decode(raw: bytes, problems: Problems) -> str | None:
    """The text of a config file without its byte order mark; None if it was refused: `problems` says why."""
    if len(raw) > FILES_BYTES_MAX:
        problems.add_at(
            1, 1, f"the file is larger than {FILES_BYTES_MAX // 2**20} MiB: this cannot be a config"
        )
        return None
    if (encoding := _WIDE_BOMS.get(raw[:2])) is not None:
        problems.add_at(1, 1, f"the file is encoded as {encoding}: save it as UTF-8")
        return None
    raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        begin = raw.rfind(b"\n", 0, error.start) + 1
        column = len(raw[begin : error.start].decode("utf-8")) + 1
        line = raw.count(b"\n", 0, begin) + 1
        problems.add_at(line, column, f"byte 0x{raw[error.start]:02x} is not UTF-8: save the file as UTF-8")
        return None
    if not raw.translate(None, _SEEN_ASCII):
        return text
    return None if _has_unseen(text, problems) else text


def _has_unseen(text: str, problems: Problems) -> bool:
    found = False
    for match in re.finditer(_UNSEEN, text):
        found = True
        begin = text.rfind("\n", 0, match.start()) + 1
        character = match[0]
        what = "a carriage return without a line feed" if character == "\r" else f"U+{ord(character):04X}"
        problems.add_at(
            text.count("\n", 0, begin) + 1,
            match.start() - begin + 1,
            f"this character cannot be seen and does not belong in a config ({what}): delete it",
        )
    return found
