"""Damaged and forged ledgers, judged twice: by the code, and by an oracle that was written from the specification."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from eventstore.errors import Corrupt, LedgerError, TornTail
from eventstore.head import Slot, pack
from eventstore.ledger_reader import LedgerReader
from eventstore.verify import verify
from tests.support.disks import FastDisk
from tests.support.format_oracle import verdict
from tests.support.journal import event, open_journal

Files = dict[str, bytes]
PER_SEGMENT = 6


def files_of(folder: Path) -> Files:
    """The files of a ledger, its quarantine left out."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A ledger of four segments, three of them full and sealed, in batches of one to three entries."""
    folder = tmp_path_factory.mktemp("sound")
    with open_journal(folder, disk=FastDisk(), segment_entries=PER_SEGMENT) as journal:
        for number in range(11):
            journal.append([event(number, text="é\n" * more) for more in range(1 + number % 3)])
        for _ in range(9):
            journal.tick()
    return {name: raw for name, raw in files_of(folder).items() if name not in ("lock", "reserve")}


def segments(files: Files) -> list[str]:
    """The names of the segments."""
    return sorted(name for name in files if name.endswith(".jsonl"))


# -- what may happen to bytes ------------------------------------------------------------


def flip(rng: random.Random, files: Files) -> None:
    """A few bits of a file change."""
    name = rng.choice(list(files))
    raw = bytearray(files[name])
    for _ in range(rng.choice([1, 1, 2, 5])):
        if raw:
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    files[name] = bytes(raw)


def cut_out(rng: random.Random, files: Files) -> None:
    """A piece of a file is gone, up to its end perhaps, or is zeros."""
    name = rng.choice([*files, segments(files)[-1], segments(files)[-1]])
    raw = files[name]
    begin = rng.randrange(len(raw) + 1)
    end = rng.choice([len(raw), len(raw), min(len(raw), begin + rng.randrange(1, 600))])
    filler = rng.choice([b"", b"", bytes(end - begin)])
    files[name] = raw[:begin] + filler + raw[end:]


def put_in(rng: random.Random, files: Files) -> None:
    """Something stands at the end of a segment or between two of its lines."""
    name = rng.choice([*segments(files), segments(files)[-1]])
    lines = files[name].splitlines(keepends=True)
    one = rng.choice(lines or [b"x\n"])
    piece = rng.choice(
        [one, one[: rng.randrange(len(one))], b"\n", b"garbage", b"garbage\n", b"\0" * 700, b"{}\n"]
    )
    lines.insert(rng.choice([len(lines), len(lines), rng.randrange(len(lines) + 1)]), piece)
    files[name] = b"".join(lines)


def shuffle_lines(rng: random.Random, files: Files) -> None:
    """Lines are swapped, or whole segments."""
    if rng.random() < 0.5:
        one, other = rng.choice(segments(files)), rng.choice(segments(files))
        files[one], files[other] = files[other], files[one]
        return
    name = rng.choice(segments(files))
    lines = files[name].splitlines(keepends=True)
    rng.shuffle(lines)
    files[name] = b"".join(lines)


def remove_file(rng: random.Random, files: Files) -> None:
    """A file is gone; two of them, perhaps."""
    for _ in range(rng.choice([1, 1, 2])):
        name = rng.choice([*files, "HEAD", segments(files)[-1]])
        if name in files and len(files) > 2:
            del files[name]


def empty_segment(rng: random.Random, files: Files) -> None:
    """A next segment, empty or not, or one where none can be."""
    last = int(segments(files)[-1][:20])
    first = rng.choice([last + PER_SEGMENT, last + 1, last + 2 * PER_SEGMENT])
    files[f"{first:020d}.jsonl"] = rng.choice([b"", b"\0" * 10, files[segments(files)[-1]]])


def forge_head(rng: random.Random, files: Files) -> None:
    """`HEAD`, whole, that says something else, or something older."""
    ends, at = [], 0
    name = rng.choice(segments(files))
    for line in files[name].splitlines(keepends=True):
        at += len(line)
        found = re.match(rb'\{"seq":(\d{1,6}),', line)
        if found:
            ends.append(Slot(int(found[1]), line[-67:-3].decode("latin-1"), at))
    slot = rng.choice(ends or [Slot(3, "0" * 64, 1)])
    if rng.random() < 0.5:
        slot = rng.choice(
            [
                replace(slot, seq=slot.seq + rng.choice([-1, 1, 9])),
                replace(slot, hash="a" * 64),
                replace(slot, offset=slot.offset + 1),
            ]
        )
    if slot.seq >= 0 and re.fullmatch("[0-9a-f]{64}", slot.hash):
        files["HEAD"] = pack(slot) + (pack(slot) if rng.random() < 0.5 else b"")


# -- what somebody may write who renews all hashes ------------------------------------------------------------

Edit = Callable[[random.Random, bytes], bytes]


def swap(old: bytes, *news: bytes) -> Edit:
    """Another spelling in the place of the first that matches."""

    def edit(rng: random.Random, body: bytes) -> bytes:
        return re.sub(old, lambda _: rng.choice(news), body, count=1)

    return edit


DEEP = [b"[" * depth + b"]" * depth for depth in (198, 199, 200, 3_000)]
EDITS: list[Edit] = [
    swap(
        rb'"run":\d+',
        b'"run":-1',
        b'"run":01',
        b'"run":1.0',
        b'"run":1e2',
        b'"run":null',
        b'"run":"1"',
        b'"run":7',
    ),
    swap(rb',"run":\d+', b"", b',"run":1,"run":1', b',"Run":1', b', "run":1'),
    swap(
        rb'"type":"[^"]*"',
        b'"type":""',
        b'"type":5',
        b'"type":"a\\u0062"',
        b'"type":"\\ud83d"',
        b'"type":"a\tb"',
    ),
    swap(
        rb'"type":"[^"]*"',
        b'"type":"\\ud83d\\ude00"',
        b'"type":"\\/\\u00E9"',
        b'"type":"\xc3\xa9"',
        b'"type":"\\x"',
    ),
    swap(rb'"job":"[^"]*"', b'"job":null', b'"job":""', b'"job":"b\\"c"', b'"job":[]'),
    swap(
        rb'"data":\{', b'"data":{"x":NaN,', b'"data":{"x":1e999,', b'"data":{"x":-0.5e-3,', b'"data":{"x":01,'
    ),
    swap(
        rb'"data":\{',
        b'"data":{ ',
        b'"data": {',
        b'"data":{"n":1,',
        b'"data":{"x":"\\u0000",',
        b'"data":{"x":"\x7f",',
    ),
    swap(rb'"data":\{', *[b'"data":{"x":%b,' % deep for deep in DEEP]),
    swap(
        rb'"data":\{.*\}(?=,"durable")',
        b'"data":[]',
        b'"data":{}',
        b'"data":{},"data":{}',
        b'"data":"{}"',
        b'"data":{}}',
    ),
    swap(
        rb'"data":\{',
        b'"data":{"x":",\\"durable\\":99,",',
        b'"data":{"x":true,"y":[null,false,{}],',
        b'"data":{"x":tru,',
    ),
    swap(rb'"data":\{', b'"data":{"x":"%b",' % (b"y" * 65_000), b'"data":{"x":"%b",' % (b"y" * 66_000)),
    swap(
        rb'"durable":\d+',
        b'"durable":0',
        b'"durable":9999',
        b'"durable":-1',
        b'"durable":00',
        b'"durable":1.0',
    ),
    swap(rb'"time":"....', b'"time":"0000', b'"time":"9999', b'"time":"1950', b'"time":"+999'),
    swap(rb'"time":"[^"]*', b'"time":"2026-02-29T02:00:00.000000Z', b'"time":"2028-02-29T02:00:00.000000Z'),
    swap(rb"\.\d{6}Z", b".00000Z", b".000000z", b".000000+00:00", b"Z", b".0000000Z", b",000000Z"),
    swap(rb"T\d\d:\d\d:\d\d", b"T24:00:00", b"T23:59:60", b"T23:60:00", b" 02:00:00", b"t02:00:00"),
    swap(rb'\{"seq":\d+', b'{"seq":99', b'{ "seq":1', b'{"seq":-0', b'{"seq":1,"seq":1'),
    swap(
        rb'"actor":"[^"]*"',
        b'"actor":"user:ann@here"',
        b'"actor":""',
        b'"who":"x"',
        b'"actor":"x","actor":"x"',
    ),
]


def forge(rng: random.Random, files: Files) -> None:
    """An entry is altered, and every hash from there on is renewed, in the seals and in `HEAD` as well."""
    names = segments(files)
    lines = [(name, line) for name in names for line in files[name].splitlines()]
    at, edit = rng.randrange(len(lines)), rng.choice(EDITS)
    prev, new = b"0" * 64, dict.fromkeys(names, b"")
    slot: Slot | None = None
    for number, (name, line) in enumerate(lines):
        body = line[: line.rindex(b',"hash":')]
        body = body[: body.rindex(b'"prev":')] + b'"prev":"' + prev + b'"'
        body = edit(rng, body) if number == at else body
        prev = sha256(body).hexdigest().encode()
        new[name] += body + b',"hash":"' + prev + b'"}\n'
        slot = Slot(number, prev.decode(), len(new[name]))
    files.update(new)
    for name in [name for name in files if name.endswith(".seal")]:
        del files[name]
    assert slot is not None
    files["HEAD"] = pack(slot)
    if rng.random() < 0.5:
        del files["HEAD"]


MISHAPS = [
    flip,
    cut_out,
    cut_out,
    put_in,
    put_in,
    shuffle_lines,
    remove_file,
    empty_segment,
    forge_head,
    forge,
    forge,
]


def mishaps(seed: int, sound: Files) -> Files:
    """What a ledger has become, from a seed."""
    rng, files = random.Random(seed), dict(sound)
    for _ in range(rng.choice([1, 1, 1, 2])):
        with suppress(ValueError):  # no line to forge any more
            rng.choice(MISHAPS)(rng, files)
    return files


def written(folder: Path, files: Files) -> Path:
    """The files in a new folder."""
    folder.mkdir()
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    return folder


# -- what the code says ------------------------------------------------------------


def verified(folder: Path) -> tuple[str, int]:
    """What `verify` says."""
    report = verify(folder, workers=1, digests=True)
    kind = "corrupt" if report.first_damage else "torn" if report.torn else "sound"
    return kind, report.entries


def read_whole(folder: Path) -> tuple[str, int]:
    """What somebody finds who opens it to read, and reads it all: a torn tail is not looked at."""
    count = 0
    try:
        with LedgerReader.open(folder) as journal:
            for _ in journal.read(0):
                count += 1
    except TornTail:
        return "torn", count
    except Corrupt:
        return "corrupt", count
    return "whole", count


def check_case(folder: Path, files: Files) -> None:
    """What the oracle says holds for verification, reading, opening and appending."""
    oracle = verdict(files)
    written(folder, files)
    kind, entries = verified(folder)
    assert kind == oracle.kind, (oracle, entries)
    assert entries == oracle.entries or kind == "corrupt", (oracle, entries)
    read, count = read_whole(folder)
    assert (read == "corrupt") == (oracle.kind == "corrupt"), (oracle, read)
    assert count == oracle.entries or (read == "corrupt" and count <= oracle.entries), (oracle, count)
    before = files_of(folder)
    refusal = append_one(folder)
    after = {name: raw for name, raw in files_of(folder).items() if name not in ("lock", "reserve")}
    if refusal is not None:
        assert oracle.kind == "corrupt", (oracle, refusal)
        assert after == before, "what is refused is not written to"
    elif oracle.kind == "corrupt":
        check_unseen(folder, files, oracle.entries)
    else:
        grown = max(oracle.entries, 1) + 1 + (oracle.kind == "torn")
        assert verdict(after)[:2] == ("sound", grown), (oracle, verdict(after))
        assert verified(folder) == ("sound", grown)


def append_one(folder: Path) -> LedgerError | None:
    """Open the ledger and append an entry; why not, if that is refused."""
    try:
        with open_journal(folder, disk=FastDisk(), create=False, segment_entries=PER_SEGMENT) as journal:
            journal.append([event(1)])
    except LedgerError as refusal:
        return refusal
    return None


def check_unseen(folder: Path, files: Files, entries: int) -> None:
    """Opening does not read the history: damage in it stays where it is, is still found, and nothing covers it."""
    heads = [int(found) for found in re.findall(rb'"seq":(\d+)', files.get("HEAD", b""))]
    full = (len(segments(files)) - 1) * PER_SEGMENT
    assert entries <= max([*heads, full - 1]), "damage behind HEAD is seen by whoever opens"
    assert verified(folder) == ("corrupt", entries)
    aside = [b"", *(path.read_bytes() for path in folder.glob("quarantine/*"))]
    for name in segments(files):
        whole, kept = files[name], (folder / name).read_bytes()
        assert any(whole.endswith(cut) and kept.startswith(whole[: len(whole) - len(cut)]) for cut in aside)


def cases(hunt: bool) -> Iterator[int]:
    """The seeds."""
    return iter(range(20_000 if hunt else 120))


def test_the_oracle_calls_sound_what_is(sound: Files) -> None:
    """And every beginning of it, cut between two entries of the open segment, without `HEAD`."""
    assert verdict(sound)[:2] == ("sound", 22)
    name = segments(sound)[-1]
    lines = sound[name].splitlines(keepends=True)
    for count in range(len(lines)):
        files = {**sound, name: b"".join(lines[:count])}
        del files["HEAD"]
        assert verdict(files)[:2] == ("sound", 22 - len(lines) + count)


def test_verify_open_and_append_agree_with_the_oracle(sound: Files, ram: Path, hunt: bool) -> None:
    """Flipped, cut, doubled, swapped, forged with renewed hashes: damage is refused, soundness accepted, by each."""
    for seed in cases(hunt):
        try:
            check_case(ram / str(seed), mishaps(seed, sound))
        except Exception as problem:
            problem.add_note(f"seed {seed}")
            raise
