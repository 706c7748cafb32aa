from __future__ import annotations

import json
import os
import shutil
import signal
from hashlib import sha256
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.segment import segment_name
from eventstore.store import Event
from tests.support.command import finished
from tests.support.home import LiveHome

SEGMENT = 16
ENTRIES = 50


def append(home: LiveHome, count: int, job: str = "nightly") -> None:
    """Append so many entries."""
    with Journal.open(home.ledger, software="test", segment_entries=SEGMENT) as journal:
        events = [
            Event(type="note.made", actor="scheduler", data={"text": f"\x1b[2J {number}"}, job=job)
            for number in range(count)
        ]
        journal.append(events)


def digest_of(folder: Path) -> dict[str, str]:
    """What is in a folder, byte for byte, but for the one thing that a verification leaves."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "last-verification.json"
    }


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with a ledger of four segments."""
    home = LiveHome(tmp_path / "home")
    append(home, ENTRIES - 1)
    return home


def flip(home: LiveHome, seq: int, by_bytes: int = 150) -> tuple[Path, int]:
    """Flip one bit of an entry; its segment and where its line begins."""
    path = home.ledger / segment_name(seq - seq % SEGMENT)
    raw = bytearray(path.read_bytes())
    begin = raw.index(b'{"seq":%d,' % seq)
    raw[begin + by_bytes] ^= 1
    path.write_bytes(raw)
    return path, begin


# -- verify --------------------------------------------------------------------------------------------------------


def test_a_sound_ledger_is_called_sound(home: LiveHome) -> None:
    """Exit code 0, entries, bytes and the hash of the head; nothing else is written than that."""
    before = digest_of(home.root)
    result = home.ask("ledger", "verify", "--json")
    report = json.loads(result.out)
    size = sum(path.stat().st_size for path in home.ledger.glob("*.jsonl"))
    assert result.code == 0
    assert (report["ok"], report["entries"], report["segments"], report["bytes"]) == (True, ENTRIES, 4, size)
    assert report["head"] == {"seq": ENTRIES - 1, "hash": home.entries()[-1].hash}
    assert report["first_damage"] is None
    words = home.ask("ledger", "verify")
    assert words.code == 0
    verdict, unseen, head = words.out.splitlines()[-3:]
    assert "consistent" in verdict
    assert "cut off" in unseen
    assert head == f"head:         {ENTRIES - 1}:{home.entries()[-1].hash}"
    assert words.err == ""
    assert digest_of(home.root) == before


def test_a_ledger_is_held_against_a_head_that_was_written_down(home: LiveHome) -> None:
    """Exit code 0 if the entry is there; 3 if it is another one or is gone, however consistent the rest is."""
    head = home.run("ledger", "verify").out.splitlines()[-1].split()[1]
    assert home.run("ledger", "verify", "--expect", head).code == 0
    append(home, 1)
    later = home.run("ledger", "verify", "--expect", head)
    assert later.code == 0
    assert "is the one that was written down" in later.out
    other = home.run("ledger", "verify", "--expect", f"{ENTRIES - 1}:{'0' * 64}", "--expect", head)
    assert other.code == 3
    assert "NOT THE LEDGER" in other.out
    assert home.run("ledger", "verify", "--expect", "last").code == 2
    for name in ("HEAD", segment_name(48)):
        (home.ledger / name).unlink()
    cut = home.run("ledger", "verify", "--expect", head)
    assert cut.code == 3
    assert "no such entry" in cut.out
    assert "HEAD:" in cut.out
    report = json.loads(home.run("ledger", "verify", "--expect", head, "--json").out)
    assert (report["ok"], report["head_missing"], report["expected"][0]["met"]) == (True, True, False)
    assert home.run("ledger", "verify").code == 0


def test_an_illegal_entry_is_told_and_is_no_damage(home: LiveHome) -> None:
    """A run that ends and was never owed: exit code 1, the ledger is consistent; `--no-laws` does not look."""
    ended = {"trigger": "manual", "started": "2026-01-01T00:00:00Z", "outcome": "succeeded", "attempt": 1}
    with Journal.open(home.ledger, software="test") as journal:
        journal.append([Event(type="run.finished", actor="x", data=ended, job="nightly", run=7)])
    found = home.run("ledger", "verify")
    assert found.code == 1
    assert f"entry {ENTRIES}, run.finished: run 7 had ended before, or was never owed" in found.out
    assert "consistent" in found.out
    assert "1 entry in it is illegal" in found.out
    report = json.loads(home.run("ledger", "verify", "--json").out)
    assert (report["ok"], report["first_damage"], report["illegal_count"]) == (True, None, 1)
    assert report["illegal"][0]["seq"] == ENTRIES
    left_out = home.run("ledger", "verify", "--no-laws")
    assert left_out.code == 0
    assert "not checked:  the laws; and that" in left_out.out


@pytest.mark.parametrize("seq", [0, 1, 15, 16, 40, 49])
def test_a_flipped_bit_is_found_where_it_is(home: LiveHome, seq: int) -> None:
    """Exit code 1 with the entry, the segment, the byte offset, what was expected and what was found."""
    path, begin = flip(home, seq)
    result = home.ask("ledger", "verify", "--json")
    damage = json.loads(result.out)["first_damage"]
    assert result.code == 1
    assert (damage["seq"], damage["segment"], damage["offset"]) == (seq, str(path), begin)
    words = home.ask("ledger", "verify")
    assert words.code == 1
    assert f"DAMAGED at entry {seq}" in words.out
    assert str(begin) in words.out
    assert "expected" in words.out


def test_a_cut_ledger_is_found(home: LiveHome) -> None:
    """Acknowledged entries that are gone are damage; exit code 1."""
    path = home.ledger / segment_name(48)
    path.write_bytes(path.read_bytes()[:-200])
    result = home.ask("ledger", "verify", "--json")
    assert result.code == 1
    assert json.loads(result.out)["first_damage"]["seq"] == 49


def test_a_torn_tail_is_no_damage(home: LiveHome) -> None:
    """What a crash left behind the last entry is shown as such; exit code 0, and it stays where it is."""
    path = home.ledger / segment_name(48)
    with path.open("ab") as file:
        file.write(b'{"seq":50,"ti')
    before = digest_of(home.root)
    result = home.ask("ledger", "verify", "--json")
    assert result.code == 0
    assert json.loads(result.out)["torn"]["seq"] == 50
    assert "unfinished write" in home.ask("ledger", "verify").out
    assert digest_of(home.root) == before


def test_recoveries_are_listed(home: LiveHome) -> None:
    """A torn tail that was set aside stands in the report with its entry."""
    with (home.ledger / segment_name(48)).open("ab") as file:
        file.write(b"{")
    append(home, 1)
    assert json.loads(home.ask("ledger", "verify", "--json").out)["recoveries"] == [50]


def test_a_read_only_copy_can_be_verified_anywhere(home: LiveHome, tmp_path: Path) -> None:
    """`--ledger` takes a copy of the ledger's folder, without a home around it and without writing to it."""
    copy = tmp_path / "copy"
    shutil.copytree(home.ledger, copy)
    for path in [*copy.rglob("*"), copy]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    elsewhere = LiveHome(tmp_path / "elsewhere")
    result = elsewhere.run("ledger", "verify", "--ledger", str(copy))
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o700)
    assert result.code == 0
    assert f"{ENTRIES} in 4 segments" in result.out
    assert not elsewhere.root.exists()


def test_a_newer_format_is_refused(home: LiveHome) -> None:
    """A ledger in a later format is not judged: exit code 3 and what to do."""
    path = home.ledger / segment_name(0)
    hashed = path.read_bytes().split(b',"hash":')[0].replace(b'"format":1', b'"format":2', 1)
    shutil.rmtree(home.ledger)
    home.ledger.mkdir()
    path.write_bytes(hashed + b',"hash":"%s"}\n' % sha256(hashed).hexdigest().encode())
    for command in (["ledger", "verify"], ["ledger", "show", "0"], ["ledger", "tail"], ["sql", "FROM runs"]):
        result = home.ask(*command)
        assert result.code == 3, command
        assert "format 2" in result.err


def test_no_ledger_is_said(tmp_path: Path) -> None:
    """Where there is no ledger there is nothing to verify, show or follow: exit code 3."""
    home = LiveHome(tmp_path / "home")
    for command in (["ledger", "verify"], ["ledger", "show", "0"], ["ledger", "tail", "-f"]):
        result = home.ask(*command)
        assert result.code == 3, command
        assert "no ledger" in result.err
    assert home.ask("ledger", "verify", "--ledger", str(tmp_path / "none")).code == 2


# -- show ----------------------------------------------------------------------------------------------------------


def test_an_entry_is_shown_with_its_neighbours(home: LiveHome) -> None:
    """Members, payload, place, and that the hash and the chain match; control characters stay escaped."""
    result = home.ask("ledger", "show", "17")
    assert result.code == 0
    for words in (
        "note.made",
        "nightly",
        "matches its bytes",
        "matches the hash of entry 16",
        "before",
        "after",
    ):
        assert words in result.out
    assert b"\x1b" not in result.raw_out
    document = json.loads(home.ask("ledger", "show", "17", "--json").out)
    assert document["entry"]["data"] == {"text": "\x1b[2J 16"}
    assert (document["hash_matches"], document["prev_matches"], document["next_matches"]) == (
        True,
        True,
        True,
    )
    assert document["damage"] is None


def test_raw_is_the_very_line(home: LiveHome) -> None:
    """`--raw` prints bytes that sha256sum can check."""
    line = home.ask("ledger", "show", "17", "--raw").raw_out
    assert line == (home.ledger / segment_name(16)).read_bytes().splitlines(keepends=True)[1]
    assert sha256(line.split(b',"hash":')[0]).hexdigest() in line.decode()


def test_negative_numbers_count_from_the_end(home: LiveHome) -> None:
    """-1 is the last entry, -50 the first; beyond that there is none."""
    for number, seq in ((-1, 49), (-2, 48), (-50, 0)):
        document = json.loads(home.ask("ledger", "show", str(number), "--json").out)
        assert document["entry"]["seq"] == seq
    for beyond in ("-51", "50", "1e3"):
        assert home.ask("ledger", "show", beyond).code == 2


def test_a_damaged_entry_is_shown_as_it_stands(home: LiveHome) -> None:
    """What is wrong is said, exit code 3; its sound neighbours can be shown too."""
    flip(home, 20)
    result = home.ask("ledger", "show", "20")
    assert result.code == 3
    assert "DOES NOT match its bytes" in result.out or "line" in result.out
    assert "damaged" in result.err
    assert json.loads(home.ask("ledger", "show", "20", "--json").out)["hash_matches"] is False
    neighbour = home.ask("ledger", "show", "22", "--json")
    assert (neighbour.code, json.loads(neighbour.out)["hash_matches"]) == (0, True)
    assert home.ask("ledger", "show", "20", "--raw").code == 3


@pytest.mark.parametrize("seq", [19, 21])
def test_a_damaged_neighbour_is_no_secret(home: LiveHome, seq: int) -> None:
    """An entry that is sound itself is shown; that the one beside it is damaged is said, exit code 3."""
    flip(home, 20)
    result = home.ask("ledger", "show", str(seq))
    assert result.code == 3
    assert "matches its bytes" in result.out
    assert "beside it, entry 20 is damaged" in result.err
    assert "entry 20" in json.loads(home.ask("ledger", "show", str(seq), "--json").out)["damage"]


def test_what_was_rewritten_does_not_fit_its_successor(home: LiveHome) -> None:
    """An entry with a right hash of its own, which the next one does not name: exit code 3."""
    path = home.ledger / segment_name(16)
    lines = path.read_bytes().splitlines(keepends=True)
    hashed = lines[4].split(b',"hash":')[0].replace(b'"text":"', b'"text":"-')
    lines[4] = hashed + b',"hash":"%s"}\n' % sha256(hashed).hexdigest().encode()
    path.write_bytes(b"".join(lines))
    result = home.ask("ledger", "show", "20")
    assert result.code == 3
    assert "entry 21 does not name its hash" in result.err


def test_what_a_crash_left_is_no_neighbour(home: LiveHome) -> None:
    """An unfinished write behind the last entry is no damage: exit code 0."""
    with (home.ledger / segment_name(48)).open("ab") as file:
        file.write(b'{"seq":50,"time":"2026')
    result = home.ask("ledger", "show", "-1")
    assert (result.code, result.err) == (0, "")


def test_damage_elsewhere_is_for_verify_to_find(home: LiveHome) -> None:
    """`show` is about the entry, its neighbours and the end: a sound stretch is shown with exit code 0."""
    flip(home, 6)
    for seq in ("2", "-1"):
        assert home.ask("ledger", "show", seq).code == 0
    assert home.ask("ledger", "verify").code == 1
    assert "ledger verify" in home.ask("ledger", "show", "--help").out


def test_entries_can_be_shown_though_the_end_is_gone(home: LiveHome) -> None:
    """A ledger that cannot be opened any more still shows what is there: exit code 3."""
    path = home.ledger / segment_name(48)
    path.write_bytes(path.read_bytes()[:-200])
    result = home.ask("ledger", "show", "17")
    assert result.code == 3
    assert "matches its bytes" in result.out
    assert "damaged" in result.err


# -- tail ----------------------------------------------------------------------------------------------------------


def test_the_newest_entries_come_last(home: LiveHome) -> None:
    """-n says how many; each line begins with the number of its entry."""
    result = home.ask("ledger", "tail", "-n", "3")
    assert [line.split()[0] for line in result.out.splitlines()] == ["47", "48", "49"]
    assert b"\x1b" not in result.raw_out
    assert home.ask("ledger", "tail", "-n", "0").out == ""
    assert len(home.ask("ledger", "tail", "-n", "100").out.splitlines()) == ENTRIES


def test_tail_for_programs(home: LiveHome) -> None:
    """--json: one entry a line; --raw: the very lines."""
    lines = home.ask("ledger", "tail", "-n", "2", "--json").out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [48, 49]
    assert (
        home.ask("ledger", "tail", "-n", "2", "--raw").raw_out
        == (home.ledger / segment_name(48)).read_bytes()
    )


def test_tail_can_be_narrowed(home: LiveHome) -> None:
    """--job and --type choose entries, however far back they are."""
    append(home, 1, job="other")
    append(home, 20)
    lines = home.ask("ledger", "tail", "--job", "other", "--json").out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [50]
    lines = home.ask("ledger", "tail", "--type", "ledger.*", "--json").out.splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["ledger.created"]


def test_follow_shows_what_another_process_appends(home: LiveHome) -> None:
    """-f prints an entry as soon as it is there, until Ctrl-C, which is no failure."""
    process = home.start("ledger", "tail", "-f", "-n", "1", "--json")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["seq"] == 49
    for seq in range(50, 70):
        append(home, 1)
        assert json.loads(process.stdout.readline())["seq"] == seq
    process.send_signal(signal.SIGINT)
    assert finished(process).code == 0


def test_follow_ends_with_its_reader(home: LiveHome) -> None:
    """When the reader of the pipe leaves, following ends by itself, at once and quietly."""
    process = home.start("ledger", "tail", "-f", "-n", "1")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    result = finished(process)
    assert (result.code, result.err) == (0, "")


def test_a_reader_that_leaves_early_is_no_failure(home: LiveHome) -> None:
    """`ledger tail | head -1` is quiet."""
    append(home, 3000)
    read_fd, write_fd = os.pipe()
    process = home.start("ledger", "tail", "-n", "3000", stdout=write_fd)
    os.close(write_fd)
    os.read(read_fd, 100)
    os.close(read_fd)
    result = finished(process)
    assert (result.code, result.err) == (0, "")


def test_tail_of_a_damaged_ledger_shows_what_it_can(home: LiveHome) -> None:
    """Every entry that is newer than the damage is shown, then where it is: exit code 3."""
    flip(home, 45)
    flip(home, 41)
    result = home.ask("ledger", "tail", "-n", "20")
    assert result.code == 3
    shown = [line.split()[0] for line in result.out.splitlines()]
    assert shown == ["46", "47", "48", "49"]
    assert "entry 45" in result.err
    assert home.ask("ledger", "tail", "-n", "4").code == 0


def test_tail_of_a_ledger_whose_end_is_damaged(home: LiveHome) -> None:
    """A ledger that cannot be opened shows its last readable lines and what is none: exit code 3."""
    flip(home, 49)
    result = home.ask("ledger", "tail", "-n", "2")
    assert result.code == 3
    assert [line.split()[0] for line in result.out.splitlines()] == ["48"]
    assert "entry 49" in result.err
