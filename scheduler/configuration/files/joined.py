"""The files of a config as one text, whose SHA-256 is the digest of the config.

A config of one file is that file, byte for byte. One of several is each of them after a line that says which it is
and how long. So the copy of a config is one file, which is there whole or not at all, and has its digest.

>>> files = [ConfigFile("", b"jobs: {}"), ConfigFile("config.d/a.yaml", b"jobs: {}")]
>>> print(joined(files).decode())
# cronledger: the next 8 bytes are config.yaml
jobs: {}
# cronledger: the next 8 bytes are config.d/a.yaml
jobs: {}
<BLANKLINE>
>>> split(joined(files)) == files
True
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from scheduler.configuration.files.part_names import PARTS_MAX, is_part_path

MAIN: Final = "config.yaml"
"""How the file without which there is no config is called where files are told apart."""
FILES_BYTES_MAX: Final = 16 * 1024 * 1024
"""All files together: more is not a config that anyone wrote."""
_BEGIN: Final = b"# cronledger: the next "
_HEADER: Final = rb"# cronledger: the next (0|[1-9][0-9]{0,8}) bytes are ([\w./-]{1,120})\n"


class ConfigFile(msgspec.Struct, frozen=True):
    """One file of a config.

    Attributes:
        name: Empty for `config.yaml`; of a part its path from there, such as `config.d/backup.yaml`.
        content: Its bytes.
    """

    name: str
    content: bytes


def with_part(files: Sequence[ConfigFile], part: ConfigFile) -> list[ConfigFile]:
    """The files of a config with one more part, in the place of the one that has its name."""
    parts = [each for each in files[1:] if each.name != part.name]
    return [files[0], *sorted([*parts, part], key=lambda each: each.name)]


def joined(files: Sequence[ConfigFile]) -> bytes:
    """The files of a config as one text; the first one is `config.yaml`."""
    main = files[0].content
    if len(files) == 1 and not main.startswith(_BEGIN):
        return main
    return b"".join(
        b"%s%d bytes are %s\n%s\n" % (_BEGIN, len(each.content), (each.name or MAIN).encode(), each.content)
        for each in files
    )


def split(text: bytes) -> list[ConfigFile]:
    """The files of a config, of which a copy has the text; what is not made so is one file."""
    if not text.startswith(_BEGIN):
        return [ConfigFile("", text)]
    files: list[ConfigFile] = []
    at, beginning = 0, re.compile(_HEADER, re.ASCII)
    while (header := beginning.match(text, at)) is not None and len(files) <= PARTS_MAX:
        name, begin = header[2].decode(), header.end()
        end = begin + int(header[1])
        expected = is_part_path(name) and name > files[-1].name if files else name == MAIN
        if not expected or text[end : end + 1] != b"\n":
            break
        files.append(ConfigFile(name if files else "", text[begin:end]))
        at = end + 1
    return files if at == len(text) else [ConfigFile("", text)]
