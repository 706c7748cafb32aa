"""Every line and every segment deleted, doubled, changed over, or taken from another ledger: all of it is found.

Each damage is done to a sound ledger of several segments, with its seals and its `HEAD`. What is found is where it
begins, never behind it, and the kind of it is told.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from eventstore.damage import DamageKind, damage_kind
from eventstore.segment import seal_name, segment_name
from eventstore.verify import verify
from tests.support.disks import FastDisk
from tests.support.journal import event, open_journal

SEGMENT = 4
ENTRIES = 14

Lines = list[bytes]
Segments = list[Lines]


def ledger_in(folder: Path, text: str) -> Path:
    """A ledger of four segments, the last of them not full."""
    with open_journal(folder, disk=FastDisk(), segment_entries=SEGMENT) as journal:
        for number in range(ENTRIES - 1):
            journal.append([event(number, text=text)])
    return folder


def segments_of(folder: Path) -> Segments:
    """The lines of each segment, with LF."""
    return [path.read_bytes().splitlines(keepends=True) for path in sorted(folder.glob("*.jsonl"))]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger to be damaged."""
    return ledger_in(tmp_path_factory.mktemp("sound") / "ledger", "this one")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another ledger of the same length."""
    return ledger_in(tmp_path_factory.mktemp("other") / "ledger", "that one")


def of_lines(lines: Lines) -> Segments:
    """The segments that these lines would fill."""
    return [lines[at : at + SEGMENT] for at in range(0, len(lines), SEGMENT)]


def damages_of_lines(mine: Lines, foreign: Lines) -> Iterator[tuple[str, Segments]]:
    """What is done to lines: its name, and the segments; those behind move up or down, or not."""
    for at, line in enumerate(mine):
        before, behind = mine[:at], mine[at + 1 :]
        changed = line.replace(b"this one", b"that one") if at else line.replace(b"1", b"2", 1)
        yield f"line {at} altered", of_lines([*before, changed, *behind])
        yield f"line {at} from another ledger", of_lines([*before, foreign[at], *behind])
        yield f"line {at} doubled", of_lines([*before, line, line, *behind])
        yield f"line {at} deleted", of_lines([*before, *behind])
        yield f"line {at} emptied", of_lines([*before, b"\n", *behind])
        yield f"another line before {at}", of_lines([*before, foreign[at], line, *behind])
        if behind:
            yield f"lines {at} and {at + 1} changed over", of_lines([*before, behind[0], line, *behind[1:]])
        segments = of_lines(mine)
        segments[at // SEGMENT] = [each for each in segments[at // SEGMENT] if each is not line]
        yield f"line {at} deleted in its segment", segments
        yield f"from line {at} on another ledger", of_lines([*before, *foreign[at:]])
        yield f"all from line {at} on deleted", of_lines(before)


def damages_of_segments(mine: Segments, foreign: Segments) -> Iterator[tuple[str, Segments]]:
    """What is done to whole segments."""
    for at, segment in enumerate(mine):
        before, behind = mine[:at], mine[at + 1 :]
        yield f"segment {at} from another ledger", [*before, foreign[at], *behind]
        yield f"segment {at} doubled", [*before, segment, segment, *behind]
        yield f"segment {at} emptied", [*before, [], *behind]
        yield f"segments from {at} on deleted", before
        if behind:
            yield f"segments {at} and {at + 1} changed over", [*before, behind[0], segment, *behind[1:]]


def first_wrong(segments: Segments) -> int | None:
    """The first entry that does not follow from those before it, by `json` and `hashlib` alone; None if all do."""
    prev = "0" * 64
    for number, lines in enumerate(segments):
        for at, line in enumerate(lines):
            seq = number * SEGMENT + at
            body, mark, own = line.rpartition(b',"hash":')
            entry = json.loads(line) if mark else {}
            hashed = sha256(body).hexdigest()
            if at >= SEGMENT or (entry.get("seq"), entry.get("prev")) != (seq, prev):
                return seq
            if own != b'"%b"}\n' % hashed.encode():
                return seq
            prev = hashed
        if len(lines) < SEGMENT and number < len(segments) - 1:
            return number * SEGMENT + len(lines)
    return None


def write(folder: Path, segments: Segments) -> None:
    """Put these segments in the place of those that are there; seals and `HEAD` stay."""
    for path in folder.glob("*.jsonl"):
        path.unlink()
    for number, lines in enumerate(segments):
        (folder / segment_name(number * SEGMENT)).write_bytes(b"".join(lines))


def keep_all(folder: Path) -> None:
    """Whoever did the damage left the seals and `HEAD` as they were."""


def remove_seals(folder: Path) -> None:
    """Whoever did the damage removed the seals."""
    for path in folder.glob("*.seal"):
        path.unlink()


def remove_all(folder: Path) -> None:
    """Whoever did the damage removed the seals and `HEAD`."""
    remove_seals(folder)
    (folder / "HEAD").unlink()


@pytest.mark.parametrize("leave", [keep_all, remove_seals, remove_all])
def test_every_damage_to_lines_and_segments_is_found(
    sound: Path, other: Path, tmp_path: Path, leave: Callable[[Path], None], hunt: bool
) -> None:
    """But for what nothing inside can show: an end that was cut off, or all written anew, with `HEAD` removed."""
    mine, foreign = segments_of(sound), segments_of(other)
    flat = [line for lines in mine for line in lines]
    damages = [
        *damages_of_lines(flat, [line for lines in foreign for line in lines]),
        *damages_of_segments(mine, foreign),
    ]
    assert len(damages) > 150
    for number, (name, segments) in enumerate(damages):
        if not segments or (number % 4 and leave is not keep_all and not hunt):
            continue
        folder = shutil.copytree(sound, tmp_path / "damaged")
        write(folder, segments)
        leave(folder)
        report, wrong = verify(folder, sizes=()), first_wrong(segments)
        found = report.first_damage or report.torn
        if wrong is None:
            # An end was cut off, or it is all another ledger: what is beside the segments shows it, if it is there.
            assert (found is None) <= (leave is not keep_all), name
        else:
            assert found is not None, name
            by_its_seal = damage_kind(found) == "seal" and found.seq <= wrong
            assert found.seq == report.entries == wrong or by_its_seal, name
        if found is not None:
            assert damage_kind(found) in get_args(DamageKind)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("damaged", "kind"),
    [
        (lambda mine, _: [*mine[:5], mine[5].replace(b"this", b"that"), *mine[6:]], "altered"),
        (lambda mine, _: [*mine[:5], *mine[6:]], "other_place"),
        (lambda mine, _: [*mine[:5], mine[5], *mine[5:]], "other_place"),
        (lambda mine, _: [*mine[:5], mine[6], mine[5], *mine[7:]], "other_place"),
        (lambda mine, foreign: [*mine[:5], foreign[5], *mine[6:]], "other_past"),
        (lambda mine, foreign: [*mine[:5], *foreign[5:]], "other_past"),
        (lambda mine, _: mine[:-2], "gone"),
        (lambda _, foreign: foreign, "head"),
    ],
)
def test_what_stands_there_tells_which_kind_of_damage_it_is(
    sound: Path, other: Path, tmp_path: Path, damaged: Callable[[Lines, Lines], Lines], kind: DamageKind
) -> None:
    """Bytes that are no entry, an entry of another place or of another past, nothing."""
    mine, foreign = ([line for lines in segments_of(each) for line in lines] for each in (sound, other))
    folder = shutil.copytree(sound, tmp_path / "damaged")
    write(folder, of_lines(damaged(mine, foreign)))
    remove_seals(folder)
    damage = verify(folder).first_damage
    assert damage is not None
    assert damage_kind(damage) == kind


def test_what_stands_behind_a_full_segment_belongs_elsewhere(sound: Path, tmp_path: Path) -> None:
    """Though it has the very number that would come next."""
    folder = shutil.copytree(sound, tmp_path / "damaged")
    segments = segments_of(sound)
    write(folder, [[*segments[0], segments[1][0]], *segments[1:]])
    remove_seals(folder)
    damage = verify(folder).first_damage
    assert damage is not None
    assert (damage.seq, damage_kind(damage)) == (SEGMENT, "other_place")


def test_a_seal_of_another_segment_is_found(sound: Path, tmp_path: Path) -> None:
    """Each seal in the place of each other."""
    for at in range(3):
        for taken in range(3):
            if at == taken:
                continue
            folder = shutil.copytree(sound, tmp_path / f"{at}-{taken}")
            shutil.copy(sound / seal_name(taken * SEGMENT), folder / seal_name(at * SEGMENT))
            damage = verify(folder).first_damage
            assert damage is not None
            assert (damage.segment.name, damage_kind(damage)) == (seal_name(at * SEGMENT), "seal")
