"""`verify.py` and `ledger verify` share no code, and judge the same lines alike."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from eventstore.segment import segment_name
from eventstore.verify import verify
from tests.support.bundles import SignedHome, verified, zipped

Lines = list[bytes]
_TAIL_BYTES = len(',"hash":""}') + 64
_PREV = re.compile(rb'"prev":"[0-9a-f]{64}"\Z')
PIECES = (
    b'"', b"{", b"}", b"[", b"]", b",", b":", b" ", b"\\", b"0", b"-1", b"1e5", b"null", b"NaN", b"true", b'""',
    b'"a":1,', b"\\u00e9", b"\\ud800", b"\t", b"\xc3\xa9", b"\r", b"\0", b'"data":{},', b'"job":"x",', b'"run":7,',
    b'"seq":3', b"T", b"Z", b"13", b"9" * 20, b"[" * 300 + b"]" * 300, b'{"a":' * 201 + b"1" + b"}" * 201,
)  # fmt: skip
"""What is put into lines: what JSON is made of, and what is not allowed in it."""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """The lines of a sound ledger."""
    home = SignedHome(tmp_path_factory.mktemp("home") / "home")
    home.define("café")
    for job in ("nightly", "café", "weekly"):
        home.run(job)
    return home.lines


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """Those of another one."""
    home = SignedHome(tmp_path_factory.mktemp("other") / "home")
    for _ in range(4):
        home.run()
    return home.lines


def chained(lines: Lines, begin: int) -> Lines:
    """The lines with their hashes computed anew from one on, each naming the one before: a forger's work."""
    found = lines[:begin]
    for line in lines[begin:]:
        body = line[:-_TAIL_BYTES]
        if len(found) > begin:
            body = _PREV.sub(b'"prev":"%b"' % found[-1][-66:-2], body)
        found.append(body + b',"hash":"%b"}' % sha256(body).hexdigest().encode())
    return found


def altered(line: bytes, chance: random.Random) -> bytes:
    """The line with something put in, taken away or changed."""
    at = chance.randrange(len(line))
    kind = chance.randrange(4)
    if kind == 0:
        return line[:at] + chance.choice(PIECES) + line[at:]
    if kind == 1:
        return line[:at] + line[at + chance.randrange(1, 9) :]
    if kind == 2:
        return line[:at] + bytes([line[at] ^ 1 << chance.randrange(8)]) + line[at + 1 :]
    numbers = list(re.finditer(rb"(?<=:)[0-9]+(?=[,}])", line))
    found = chance.choice(numbers)
    number = chance.choice((b"0", b"1", b"01", b"5", b"12", b"%d" % chance.randrange(20), b"1.5", b"9" * 19))
    return line[: found.start()] + number + line[found.end() :]


def about(line: bytes) -> bytes:
    """What entry 0 says: its type and its payload."""
    return line.partition(b'"type":')[2].partition(b',"durable":')[0]


def damaged(lines: Lines, others: Lines, chance: random.Random) -> Lines:
    """The lines with one damage; half of the time their hashes are made anew, as a forger would."""
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    changed = list(lines)
    kind = chance.randrange(8)
    if kind == 0:
        del changed[at]
    elif kind == 1:
        changed.insert(other, lines[at])
    elif kind == 2:
        changed[at], changed[other] = lines[other], lines[at]
    elif kind == 3:
        changed[at] = others[at % len(others)]
    elif kind == 4:
        changed = lines[:at]
    else:
        changed[at] = altered(lines[at], chance)
    if chance.random() < 0.5 and changed:
        return chained(changed, min(at, len(changed) - 1))
    return changed


def test_they_judge_the_same_lines_alike(
    lines: Lines, others: Lines, tmp_path: Path, hunt: bool, judged: Callable[[Lines], tuple[bool, bool]]
) -> None:
    """Whatever is done to lines: either both take them for a ledger, or neither does."""
    chance = random.Random(2026)
    accepted = 0
    for number in range(10_000 if hunt else 250):
        changed = damaged(lines, others, chance)
        if changed and about(changed[0]) not in (about(lines[0]), about(others[0])):
            continue  # what entry 0 says of the format is for programs that go on writing
        by_command, by_file = judged(changed)
        assert by_command == by_file, (number, changed)
        accepted += by_command
    assert accepted > 0
    assert judged(lines) == judged(others) == (True, True)


@pytest.fixture
def judged(tmp_path: Path) -> Callable[[Lines], tuple[bool, bool]]:
    """Whether `ledger verify` takes lines for a ledger, and whether `verify.py` does."""
    folder = tmp_path / "ledger"
    folder.mkdir()

    def judge(lines: Lines) -> tuple[bool, bool]:
        raw = b"".join(line + b"\n" for line in lines)
        (folder / segment_name(0)).write_bytes(raw)
        report = verify(folder)
        members = {"keys.txt": b"", "tree.txt": b"", "entries/0.jsonl": raw}
        sound = report.first_damage is None and report.torn is None and report.entries == len(lines)
        return sound and report.entries > 0, verified(zipped(members, tmp_path / "b.zip"))[0] == 0

    return judge
