from __future__ import annotations

import ast
import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.evidence.bundle import verify
from cli.evidence.bundle.make import VERIFIER
from eventstore.proofs.notes.signing import Cosigner, Signer
from tests.support.bundles import (
    KEY,
    ORIGIN,
    WITNESS_KEY,
    Members,
    SignedHome,
    members_of,
    signed_note,
    verified,
    zipped,
)
from tests.support.examples import examples

TEXT = VERIFIER.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle that begins with a checkpoint in the middle of its ledger."""
    home = SignedHome(tmp_path_factory.mktemp("home") / "home")
    for _ in range(3):
        home.run()
    home.sign()
    home.run()
    home.wait(days=8)
    home.run("weekly", b"printed\n")
    home.sign(cosigned=True)
    home.run()
    home.sign()
    path = home.home.root.parent / "bundle.zip"
    answer = home.ask("--from", "2026-12-01", "--to", "2027-01-01", "-o", str(path))
    assert answer.code == 0, answer
    return path


@pytest.fixture
def members(bundle: Path) -> Members:
    """Its members."""
    return members_of(bundle)


def test_it_can_be_read_and_needs_nothing() -> None:
    """At most 200 lines, and nothing but the standard library."""
    assert TEXT.count("\n") <= 200
    assert max(map(len, TEXT.splitlines())) <= 118
    taken = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(TEXT))
        for name in (
            [each.name for each in node.names] if isinstance(node, ast.Import)
            else [node.module or "?"] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert taken <= sys.stdlib_module_names


def test_it_runs_alone(bundle: Path, tmp_path: Path) -> None:
    """As a file in an empty folder, by a Python that sees no other package."""
    alone = tmp_path / "verify.py"
    alone.write_bytes(members_of(bundle)["verify.py"])
    done = subprocess.run(
        [sys.executable, "-I", "-S", alone, bundle, "--key", KEY, "--witness", WITNESS_KEY],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("VERIFIED")


@settings(max_examples=examples(10))
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), bit=st.integers(0, 511))
def test_its_signatures_are_those_of_the_library(seed: bytes, message: bytes, bit: int) -> None:
    """What one takes for right or wrong, the other does too."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify.is_signed(public, message, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    try:
        right = verify.is_signed(public, message, bytes(flipped))
    except ValueError:
        right = False
    with pytest.raises(InvalidSignature):
        key.public_key().verify(bytes(flipped), message)
    assert not right
    assert not verify.is_signed(public, message + b"x", signature)


@settings(max_examples=examples(20))
@given(st.binary(min_size=32, max_size=32), st.sampled_from([Signer, Cosigner]))
def test_it_reads_each_key(seed: bytes, kind: type[Signer | Cosigner]) -> None:
    """Also one whose base64 has a plus, as half of them have; not one with a character changed."""
    key = kind("a.example/log", seed).verifier_key
    assert verify.key_of(key.text) == (key.name, key.key_id.hex(), bytes([key.algorithm]) + key.public_key)
    for at in range(0, len(key.text), 7):
        changed = key.text[:at] + ("A" if key.text[at] != "A" else "B") + key.text[at + 1 :]
        with pytest.raises(ValueError, match=r"."):
            verify.key_of(changed)


def test_a_signature_has_one_form() -> None:
    """The same with the order of the curve added to its second half, or one byte more, is refused."""
    signer = Signer(ORIGIN, bytes(32))
    signature = signer.sign("text\n").signature
    public = signer.verifier_key.public_key
    s = int.from_bytes(signature[32:], "little")
    assert verify.is_signed(public, b"text\n", signature)
    assert not verify.is_signed(public, b"text\n", signature[:32] + (s + verify.L).to_bytes(32, "little"))
    assert not verify.is_signed(public, b"text\n", signature + b"\0")


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """The bytes of a file with one damage."""
    at, length = chance.randrange(len(raw)), chance.randrange(1, 40)
    kind = chance.randrange(6)
    if kind == 0:
        return raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]
    if kind == 1:
        return raw[:at] + raw[at + length :]
    if kind == 2:
        return raw[:at] + chance.randbytes(length) + raw[at:]
    if kind == 3:
        return raw[:at] + raw[at : at + length] + raw[at:]
    if kind == 4:
        return raw[:at]
    other = chance.randrange(len(raw))
    changed = bytearray(raw)
    changed[at], changed[other] = raw[other], raw[at]
    return bytes(changed)


def test_any_damage_to_the_file_is_found(bundle: Path, tmp_path: Path, hunt: bool) -> None:
    """Whichever byte of it is changed, lost, doubled or moved, and whatever is added."""
    raw, chance = bundle.read_bytes(), random.Random(11)
    path, tried = tmp_path / "damaged.zip", 0
    while tried < (10_000 if hunt else 300):
        changed = damaged(raw, chance)
        if changed == raw:
            continue
        path.write_bytes(changed)
        code, said = verified(path)
        assert code == 1, said
        tried += 1
    assert verified(bundle)[0] == 0


def test_each_kind_of_member_counts(bundle: Path, members: Members, tmp_path: Path) -> None:
    """One bit of each member, its checksum in the zip renewed, is found by the manifest."""
    listed = bundle.read_bytes()
    for name, content in members.items():
        if not content:
            continue
        changed = bytes([content[0] ^ 1]) + content[1:]
        path = zipped({**members, name: changed}, tmp_path / "b.zip")
        raw = path.read_bytes()
        old, new = (hashlib.sha256(each).hexdigest().encode() for each in (content, changed))
        assert new in raw
        # The manifest still says what it said: its own checksum is that of before, and so the zip refuses it.
        path.write_bytes(raw.replace(new, old))
        assert verified(path)[0] == 1, name
    assert listed == bundle.read_bytes()


def edited(members: Members, prefix: str, edit: object) -> Members:
    """The members with the first one whose name begins so edited."""
    name = next(each for each in members if each.startswith(prefix))
    assert callable(edit)
    return {**members, name: edit(members[name])}


def swapped(lines: list[bytes]) -> list[bytes]:
    """The first two lines in the other order."""
    return [lines[1], lines[0], *lines[2:]]


LINE_EDITS = {
    "one deleted": lambda lines: lines[:2] + lines[3:],
    "the last deleted": lambda lines: lines[:-1],
    "the first deleted": lambda lines: lines[1:],
    "one doubled": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "two swapped": swapped,
    "one altered": lambda lines: [lines[0].replace(b"nightly", b"nightlx"), *lines[1:]],
    "an empty one": lambda lines: [*lines[:2], b"", *lines[2:]],
    "one added": lambda lines: [*lines, lines[-1]],
    "all deleted": lambda lines: [],
}


@pytest.mark.parametrize("edit", LINE_EDITS.values(), ids=LINE_EDITS)
def test_entries_cannot_be_altered_with_care(members: Members, tmp_path: Path, edit: object) -> None:
    """Though the manifest and all checksums are made anew, the chain, the tree and the signature tell."""
    assert callable(edit)

    def changed(raw: bytes) -> bytes:
        return b"".join(line + b"\n" for line in edit(raw.splitlines()))

    path = zipped(edited(members, "entries/", changed), tmp_path / "b.zip")
    assert verified(path, "--key", KEY)[0] == 1
    assert verified(path)[0] == 1


def test_the_whole_cannot_be_written_anew(members: Members, tmp_path: Path) -> None:
    """Somebody who makes another ledger, with a chain, a tree and a key of their own, fails by the key."""
    forger = Signer(ORIGIN, b"\7" * 32)
    text = (
        members[note := next(name for name in members if name.endswith(".note"))]
        .decode()
        .partition("\n\n")[0]
        + "\n"
    )
    forged = {
        **members,
        note: f"{text}\n{forger.sign(text).line}".encode(),
        "keys.txt": forger.verifier_key.text.encode(),
    }
    forged = {name: content for name, content in forged.items() if name == note or not name.endswith(".note")}
    forged["tree.txt"] = members["tree.txt"]
    path = zipped(forged, tmp_path / "b.zip")
    assert verified(path, "--key", KEY)[0] == 1


def test_other_members_cannot_be_altered_with_care(members: Members, tmp_path: Path) -> None:
    """A hash in the tree, a root, a signature, a cosignature, what was printed, output of a run that is not there."""
    note = next(name for name in members if b"witness.example" in members[name] and name.endswith(".note"))
    printed = next(name for name in members if name.endswith(".stdout"))
    lines = members[note].splitlines(keepends=True)
    other = signed_note([b"something else"]).raw.splitlines(keepends=True)
    cases = [
        edited(members, "tree.txt", lambda raw: raw[:-2] + (b"0" if raw[-2:-1] != b"0" else b"1") + b"\n"),
        edited(members, "tree.txt", lambda raw: raw.partition(b"\n")[2]),
        edited(members, "tree.txt", lambda raw: raw + raw.splitlines(keepends=True)[-1]),
        {**members, note: b"".join([*lines[:2], other[2], *lines[3:]])},
        {**members, note: b"".join([*lines[:4], other[4], *lines[5:]])},
        {**members, note: members[note].replace(b"cronledger/test\n", b"cronledger/tesu\n", 1)},
        edited(members, note, lambda raw: raw[:-10] + (b"A" if raw[-10:-9] != b"A" else b"B") + raw[-9:]),
        {**members, printed: b"Printed\n"},
        {**members, "output/1-1.stdout": b"made up\n"},
        {name: content for name, content in members.items() if name != "keys.txt"},
        {name: content for name, content in members.items() if name != "tree.txt"},
    ]
    for number, case in enumerate(cases):
        assert verified(zipped(case, tmp_path / "b.zip"), "--key", KEY, "--witness", WITNESS_KEY)[0] == 1, (
            number
        )
    assert verified(zipped(members, tmp_path / "b.zip"), "--key", KEY, "--witness", WITNESS_KEY)[0] == 0


def test_a_zip_has_one_form(bundle: Path, members: Members, tmp_path: Path) -> None:
    """Compressed members, other times, comments, bytes around it, names that lead elsewhere: all are refused."""
    import zipfile

    path, raw = tmp_path / "b.zip", bundle.read_bytes()

    def rewritten(compression: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
        with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(path, "w", compression) as new:
            for each in old.infolist():
                new.writestr(each.filename, old.read(each))
            new.comment = comment
        return path.read_bytes()

    for changed in (
        rewritten(),
        rewritten(zipfile.ZIP_DEFLATED),
        rewritten(comment=b"hello"),
        raw + b"\0",
        b"\0" + raw,
        raw + raw,
        b"",
        b"PK\3\4",
    ):
        path.write_bytes(changed)
        assert verified(path)[0] == 1
    for name in ("../evil", "/evil", "a/../evil", "a//b", "a/b/c", ".hidden", "a b", "README.txt\0"):
        assert verified(zipped({**members, name: b"x"}, path))[0] == 1, name
    assert verified(zipped({**members, "more.txt": b"x"}, path))[0] == 0
    assert verified(tmp_path / "none.zip")[0] == 1


def test_no_member_is_there_twice(members: Members, tmp_path: Path) -> None:
    """Of two members of one name another program might show the other one."""
    from cli.evidence.bundle.bundle_zip import BundleZip

    path = tmp_path / "b.zip"
    with path.open("w+b") as file:
        twice = BundleZip(file)
        for name, content in (*members.items(), ("README.txt", b"It proves everything.")):
            twice.add(name, [content])
        twice.close()
    assert verified(path)[0] == 1
