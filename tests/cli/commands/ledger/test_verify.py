"""`ledger verify` with what was signed and what is remembered elsewhere; the entries alone are in `test_ledger`."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path

import pytest

from eventstore.kept_sizes import checkpoint_path
from eventstore.proofs.notes.checkpoint import origin_hash, parse_checkpoint
from tests.support.home import CONFIG, LiveHome
from tests.support.receiver import Receiver, always
from tests.support.signed_ledger import SignedLedger, head_of, signed_note, signer


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home without jobs."""
    return LiveHome(tmp_path / "home")


@pytest.fixture
def ledger(home: LiveHome) -> SignedLedger:
    """Its ledger: five segments, three checkpoints of 11, 21 and 31 entries, 35 entries."""
    ledger = SignedLedger(home.ledger)
    for _ in range(3):
        ledger.grow(9)
        ledger.sign()
    ledger.grow(3)
    return ledger


def told(out: str) -> dict[str, str]:
    """The facts of an answer."""
    return {name: value.strip() for name, _, value in (line.partition(":  ") for line in out.splitlines())}


def test_what_was_signed_is_told(home: LiveHome, ledger: SignedLedger) -> None:
    """The checkpoints fit; whose their key is, was not checked, until it is given."""
    answer = home.ask("ledger", "verify")
    facts = told(answer.out)
    assert answer.code == 0
    assert facts["checkpoints"] == "3 kept and 3 recorded fit; the largest that fits is of 31 entries"
    assert facts["signed by"].endswith("from entry 1 on, named by the ledger itself")
    assert "--key does" in facts["not checked"]
    assert "the tree" in facts["checked"]
    assert list(facts)[-1] == "head"
    key = ledger.key.verifier_key.text
    given = told(home.ask("ledger", "verify", "--key", key).out)
    assert given["verdict"].endswith("the first 31 are those that a given key signed")
    assert given["signed by"].endswith("given")
    assert given["not checked"].startswith("behind entry 30: ")
    document = home.ask("ledger", "verify", "--key", key, "--json").document
    assert document["checkpoints"] == {
        "kept": 3,
        "recorded": 3,
        "covered": 31,
        "vouched": 31,
        "witnessed": 0,
        "not_kept": [],
        "not_recorded": [],
        "not_read": 0,
        "cosigned": 0,
        "receipts": 0,
    }
    assert (document["passed"], document["tree"]["size"], document["contradictions"]) == (True, 35, [])
    assert home.ask("ledger", "verify", "--key", key[:-3]).code == 2


def test_what_is_not_what_was_signed_is_told_with_its_place(home: LiveHome, ledger: SignedLedger) -> None:
    """A checkpoint of another tree, rightly signed: exit code 1, where that begins, and what it means."""
    head = head_of(ledger.folder)._replace(root=bytes(32))
    path = checkpoint_path(ledger.folder, 35)
    path.write_bytes(signed_note(head, ledger.key).raw)
    answer = home.ask("ledger", "verify")
    facts = told(answer.out)
    assert answer.code == 1
    assert facts["verdict"].startswith(
        "NOT WHAT WAS SIGNED, from entry 31 on: the first 35 entries have another root"
    )
    assert facts["segment"].endswith("00000000000000000024.jsonl")
    raw = (ledger.folder / "00000000000000000024.jsonl").read_bytes()
    assert int(facts["byte offset"]) == raw.index(b'{"seq":31,')
    assert "written anew" in facts["means"]
    document = home.ask("ledger", "verify", "--json").document
    assert (document["ok"], document["passed"]) == (True, False)
    assert document["contradicted_from"]["seq"] == 31
    assert document["contradictions"][0]["size"] == 35


def test_an_end_that_was_cut_and_was_signed_is_told(home: LiveHome, ledger: SignedLedger) -> None:
    """No command opens such a ledger: what is left of it is verified all the same, but for the laws."""
    (ledger.folder / "HEAD").unlink()
    for name in ("00000000000000000032.jsonl", "00000000000000000024.seal"):
        (ledger.folder / name).unlink()
    last = ledger.folder / "00000000000000000024.jsonl"
    last.write_bytes(b"".join(last.read_bytes().splitlines(keepends=True)[:5]))
    answer = home.ask("ledger", "verify")
    facts = told(answer.out)
    assert (answer.code, facts["verdict"]) == (
        1,
        "NOT WHAT WAS SIGNED, from entry 21 on: it covers 31 entries, and the ledger has 29",
    )
    assert facts["not checked"].startswith("the laws")
    assert home.ask("ledger", "verify", "--json").document["laws_checked"] is False


@pytest.mark.parametrize("damage", ["text", "signature", "a pipe"])
def test_a_damaged_checkpoint_says_nothing_against_the_entries(
    home: LiveHome, ledger: SignedLedger, damage: str
) -> None:
    """Exit code 1, but they are not said to be written anew: the others fit."""
    path = checkpoint_path(ledger.folder, 31)
    raw = path.read_bytes()
    if damage == "a pipe":
        path.unlink()
        os.mkfifo(path)
    else:
        path.write_bytes(raw[:-2] + b"@\n" if damage == "text" else raw[:-9] + b"AAAAAAA=\n")
    answer = home.ask("ledger", "verify")
    facts = told(answer.out)
    assert answer.code == 1
    assert facts["verdict"].startswith("consistent: ")
    assert facts["verdict"].endswith(
        "; but 1 checkpoint kept beside them cannot be relied on: damaged, or put there"
    )
    assert not {"means", "segment", "byte offset"} & set(facts)
    document = home.ask("ledger", "verify", "--json").document
    (wrong,) = document["contradictions"]
    assert (document["passed"], document["contradicted_from"], wrong["of_entries"]) == (False, None, False)


def test_what_is_no_checkpoint_beside_those_of_an_anchor_is_told(
    home: LiveHome, ledger: SignedLedger, tmp_path: Path
) -> None:
    """And says nothing against the ledger: whoever put it there could have put nothing there."""
    anchor = tmp_path / "anchor"
    anchor.mkdir()
    (anchor / "31").write_bytes(checkpoint_path(ledger.folder, 31).read_bytes())
    (anchor / "README").write_text("kept by the auditor\n")
    answer = home.ask("ledger", "verify", "--anchor", str(anchor))
    facts = told(answer.out)
    assert (answer.code, facts["not read"].startswith(f"{anchor}/README: it is no checkpoint: ")) == (0, True)
    assert (
        len(home.ask("ledger", "verify", "--anchor", str(anchor), "--json").document["anchors"][0]["none"])
        == 1
    )
    (anchor / "31").unlink()
    refused = home.ask("ledger", "verify", "--anchor", str(anchor))
    assert (refused.code, refused.out, f"{anchor}/README: it is no checkpoint" in refused.err) == (
        2,
        "",
        True,
    )


def test_an_entry_by_which_the_ledger_did_not_go_on_is_no_answer(
    home: LiveHome, ledger: SignedLedger
) -> None:
    """A number that was mistyped is told, and not passed over."""
    ledger.grow(1)
    for seq in ("4", "99999"):
        answer = home.ask("ledger", "verify", "--continued", seq)
        assert (answer.code, answer.out) == (2, "")
        assert f"did not go on after a restore by entry {seq}" in answer.err


def test_a_folder_that_may_not_be_read_is_a_ledger_that_cannot(
    home: LiveHome, ledger: SignedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3, as for a file in it."""

    def refused(path: str, *_: object) -> list[str]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(os, "listdir", refused)
    monkeypatch.setattr(os, "scandir", refused)
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, *how: path != str(ledger.folder) and may(path, *how))
    answer = home.ask("ledger", "verify", "--ledger", str(ledger.folder))
    assert (answer.code, answer.out, "ermission denied" in answer.err) == (3, "", True)


def test_a_key_that_was_rotated_in_is_the_one_that_was_given(home: LiveHome) -> None:
    """The one before it is named by the ledger itself."""
    home.configure(CONFIG)
    assert home.ask("ledger", "key", "generate").code == 0
    assert home.ask("ledger", "key", "rotate").code == 0
    assert home.ask("ledger", "checkpoint").code == 0
    shown = home.ask("ledger", "key", "show", "--json").document
    signers = home.ask("ledger", "verify", "--key", shown["vkey"]).out
    assert re.search(r"from entry \d+ on, named by the ledger itself\n.* from entry \d+ on, given\n", signers)
    signers = home.ask("ledger", "verify", "--key", shown["former_keys"][0]).out
    assert re.search(r"from entry \d+ on, given\n.* on, signed by a key that was given\n", signers)


def test_an_anchor_that_is_no_file_says_nothing_against_the_ledger(home: LiveHome, tmp_path: Path) -> None:
    """A pipe, as a shell makes one of another command: exit code 2, and nothing waits for its writer."""
    os.mkfifo(tmp_path / "pipe")
    answer = home.ask("ledger", "verify", "--anchor", str(tmp_path / "pipe"))
    assert (answer.code, f"{tmp_path}/pipe: it is no regular file" in answer.err) == (2, True)
    assert "NOT THE LEDGER" not in answer.out


def test_an_older_copy_is_not_the_ledger_that_is_remembered(
    home: LiveHome, ledger: SignedLedger, tmp_path: Path
) -> None:
    """Held against a file and a folder elsewhere: exit code 3; the ledger itself fits."""
    copy = shutil.copytree(ledger.folder, tmp_path / "copy")
    ledger.grow(4)
    note = ledger.sign()
    (tmp_path / "anchor").mkdir()
    (tmp_path / "anchor" / "39").write_bytes(note.raw)
    for anchor in (tmp_path / "anchor", tmp_path / "anchor" / "39"):
        fits = home.ask("ledger", "verify", "--anchor", str(anchor))
        assert fits.code == 0
        assert (
            told(fits.out)[f"anchor {anchor}"]
            == "1 checkpoint of this ledger; the largest, of 39 entries, fits"
        )
        assert told(fits.out)["not checked"].endswith(
            "no entry was cut off at the end, and that not all were written anew"
        )
        older = home.ask("ledger", "verify", "--ledger", str(copy), "--anchor", str(anchor))
        assert older.code == 3
        assert told(older.out)["verdict"] == "NOT THE LEDGER that is remembered elsewhere, or a part of it"
        assert "it covers 39 entries, and the ledger has 35" in older.out
        assert home.ask("ledger", "verify", "--ledger", str(copy)).code == 0
    with Receiver(always(200, note.raw)) as witness:
        assert home.ask("ledger", "verify", "--anchor", witness.url).code == 0
        older = home.ask("ledger", "verify", "--ledger", str(copy), "--anchor", witness.url)
        assert older.code == 3
        assert "it covers 39 entries, and the ledger has 35" in older.out
        origin = parse_checkpoint(note.text).origin
        assert f"/{origin_hash(origin)}/checkpoint" in [request.path for request in witness.received]
        for status, why in ((404, "no checkpoint of this ledger is remembered"), (500, "it answered 500")):
            witness.behaviour = always(status)
            unknown = home.ask("ledger", "verify", "--anchor", witness.url)
            assert (unknown.code, unknown.out, why in unknown.err) == (2, "", True)
    (tmp_path / "other").write_text("no signed note\n")
    for wrong in ("nowhere", "other"):
        answer = home.ask("ledger", "verify", "--anchor", str(tmp_path / wrong))
        assert (answer.code, answer.out, "Name a file or a folder" in answer.err) == (2, "", True)


def test_a_damage_is_told_with_what_it_means(home: LiveHome, ledger: SignedLedger) -> None:
    """A byte that was changed; an entry that was taken out; an end that was cut off."""
    segment = ledger.folder / "00000000000000000008.jsonl"
    raw = segment.read_bytes()
    lines = raw.splitlines(keepends=True)
    for damaged, seq, means in (
        (raw[:300] + bytes([raw[300] ^ 1]) + raw[301:], 9, "somebody changed them, or the disk did"),
        (b"".join(lines[:2] + lines[3:]), 10, "entries were taken out, put in, doubled or changed over"),
        (b"".join(lines[:5])[:-20], 12, "the file ends within an entry"),
        (b"".join(lines[:5]), 13, "the end was cut off, or a file was removed"),
        (b"".join([lines[0], lines[2], lines[1], *lines[3:]]), 9, "changed over"),
    ):
        segment.write_bytes(damaged)
        answer = home.ask("ledger", "verify")
        facts = told(answer.out)
        assert (answer.code, facts["verdict"]) == (
            1,
            f"DAMAGED at entry {seq}; the entries before it are consistent",
        )
        assert means in facts["means"]
        assert facts["segment"] == str(segment)
        document = home.ask("ledger", "verify", "--json").document
        assert document["first_damage"]["seq"] == seq
        assert means in document["first_damage"]["means"]


def test_going_on_from_a_checkpoint_reads_what_is_behind_it(home: LiveHome, ledger: SignedLedger) -> None:
    """What it covers whole is not read again, and said so; what is behind is, and joins to what was signed."""
    answer = home.ask("ledger", "verify", "--since-checkpoint", "--json")
    document = answer.document
    assert (answer.code, document["since_checkpoint"], document["first"]) == (0, 31, 24)
    assert (document["entries"], document["tree"]["size"]) == (35, 35)
    assert "the lines of the first 24 entries" in document["not_checked"]
    assert document["tree"] == home.ask("ledger", "verify", "--json").document["tree"]
    early = ledger.folder / "00000000000000000008.jsonl"
    raw = early.read_bytes()
    early.write_bytes(raw[:300] + bytes([raw[300] ^ 1]) + raw[301:])
    alone = ("ledger", "verify", "--since-checkpoint", "--no-laws", "--key", ledger.key.verifier_key.text)
    unseen = home.ask(*alone)
    assert unseen.code == 0
    assert told(unseen.out)["not checked"].startswith("the laws; the lines of the first 24 entries")
    assert home.ask("ledger", "verify").code == 1
    late = ledger.folder / "00000000000000000024.jsonl"
    raw = late.read_bytes()
    late.write_bytes(raw[:300] + bytes([raw[300] ^ 1]) + raw[301:])
    assert home.ask(*alone).code in (1, 3)


def test_there_is_nothing_to_go_on_from_without_a_checkpoint(home: LiveHome) -> None:
    """Exit code 2 and what to do; so it is if nobody who is known has signed one."""
    ledger = SignedLedger(home.ledger)
    ledger.grow(20)
    answer = home.ask("ledger", "verify", "--since-checkpoint")
    assert (answer.code, answer.out) == (2, "")
    assert "leave out --since-checkpoint" in answer.err
    ledger.key = signer(9)
    ledger.sign(record=False)
    assert home.ask("ledger", "verify", "--since-checkpoint").code == 2


def test_projections_are_held_against_the_entries(home: LiveHome, ledger: SignedLedger) -> None:
    """Parquet files and kept states are derived anew; a copy of a ledger has none."""
    home.ask("projections", "rebuild")
    answer = home.ask("ledger", "verify", "--projections")
    assert answer.code == 0
    assert told(answer.out)["projections"] == "Parquet files and kept states are what the entries say"
    parquet = next((home.root / "var" / "projections").rglob("*.parquet"))
    raw = parquet.read_bytes()
    parquet.write_bytes(raw[:-20] + bytes(12) + raw[-8:])
    altered = home.ask("ledger", "verify", "--projections", "--json")
    assert (altered.code, altered.document["projections_damaged"]) == (1, [str(parquet)])
    assert home.ask("ledger", "verify", "--projections", "--ledger", str(ledger.folder)).code == 2
