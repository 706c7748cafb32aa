"""Verify an evidence bundle of cronledger with nothing but Python 3.9 or later: no cronledger, no other package.

    python3 verify.py BUNDLE.zip [--key VKEY]... [--witness VKEY]...

It checks every byte of the zip; the form, hash and place of each entry; the Merkle tree of RFC 6962 over them, with
tree.txt for what is left out, up to the checkpoints; signatures; captured output; what time stamps are of. Keys that
come with the bundle prove nothing, nor does this file if it did. Exit code: 0 if all fits and each key signed, 1, 2.
"""

# fmt: off
from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import sys
import zlib
from datetime import datetime, timezone

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of Ed25519, RFC 8032
D = -121665 * pow(121666, P - 2, P) % P
NUMBER, TEXT = "(0|[1-9][0-9]{0,18})", r'("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))+")'
LINE = re.compile(
    rf'{{"seq":{NUMBER},"time":"([0-9]{{4}}-[0-9-]{{5}}T[0-9:]{{8}}[.][0-9]{{6}})Z","type":{TEXT},"actor":{TEXT}'
    rf'(?:,"job":{TEXT})?(?:,"run":{NUMBER})?,"data":({{.*}}),"durable":{NUMBER},"prev":"([0-9a-f]{{64}})",'
    r'"hash":"([0-9a-f]{64})"}')
STAMP = re.compile(rb"(?s)0.0.\x06\t`\x86H\x01e\x03\x04\x02\x01(?:\x05\0)?\x04 (.{32})\x02.{2,33}?\x18.([0-9]{14})")


def need(fits: object, what: str) -> None:
    """Refuse the bundle unless something fits."""
    if not fits:
        raise ValueError(what)


def add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The sum of two points of the curve, in extended coordinates."""
    s, t, u, v = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    return (t - s) * (v - u) % P, (v + u) * (t + s) % P, (v - u) * (v + u) % P, (t - s) * (t + s) % P


def point_of(raw: bytes) -> tuple[int, ...]:
    """The point of the curve that 32 bytes mean."""
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(len(raw) == 32 and y < P and (x * x - square) % P == 0, "a key or a signature is no point of the curve")
    x = x if x & 1 == raw[31] >> 7 else -x % P
    return x, y, 1, x * y % P


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this public key has signed this message."""
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    r, (x, y, _, t), base = point_of(signature[:32]), point_of(key), point_of(b"\x58" + b"\x66" * 31)
    steps = [(0, 1, 1, 0), base, (-x % P, y, 1, -t % P), add(base, (-x % P, y, 1, -t % P))]
    total = steps[0]  # s times the base, less h times the key
    for bit in range(255, -1, -1):
        total = add(add(total, total), steps[(s >> bit & 1) + 2 * (h >> bit & 1)])
    return len(signature) == 64 and s < L and all((total[i] - r[i] * total[2]) % P == 0 for i in (0, 1))


def key_of(text: str) -> tuple[str, str, bytes]:
    """The name and the id of a key, and its kind (1: of a log, 4: of a witness) with 32 bytes, from NAME+ID+KEY."""
    name, key_id, key = [*text.split("+", 2), "", ""][:3]
    raw = base64.b64decode(key, validate=True)
    need(hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id, f"{text!r} is no key")
    need(len(raw) == 33 and raw[0] in (1, 4), f"{text!r} is no key of a log or a witness")
    return name, key_id, raw


def signers_of(note: str, keys: list[str]) -> tuple[str, dict[str, str]]:
    """The text of a signed note, and which of these keys signed it, with what a witness says of the time."""
    text, signers = note.rpartition("\n\n")[0] + "\n", {}
    for line in note[len(text) + 1 :].splitlines(keepends=True):
        match = re.fullmatch("\u2014 ([^\\s+\0-\x1f]+) ([A-Za-z0-9+/]{8,}=*)\n", line) or [line, "", ""]
        raw, message = base64.b64decode(match[2]), text.encode()
        need(base64.b64encode(raw).decode() == match[2] != "", "a line is no signature of a note")
        for key in [each for each in keys if key_of(each)[:2] == (match[1], raw[:4].hex())]:
            said, public = "", key_of(key)[2]
            if public[0] == 4:
                seconds, raw = int.from_bytes(raw[4:12], "big"), raw[8:]
                said = f" at {datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"  # noqa: UP017
                message = b"cosignature/v1\ntime %d\n" % seconds + message
            need(is_signed(public[1:], message, raw[4:]), f"a signature of {match[1]} is wrong")
            signers[key] = said
    return text, signers


def members_of(raw: memoryview) -> dict[str, memoryview]:
    """The members of a zip. Names and contents determine every other byte of it; the last one lists the others."""
    found, index, listed, at = dict[str, memoryview](), b"", "", 0
    while bytes(raw[at : at + 4]) == b"PK\3\4":
        size, name_bytes = struct.unpack("<LH", raw[at + 22 : at + 28])
        name, begin = str(raw[at + 30 :][:name_bytes], "ascii"), at + 30 + name_bytes
        need(re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)?", name), f"the zip has a member {name!r}")
        facts = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, zlib.crc32(raw[begin:][:size]), size, size, name_bytes, 0)
        need(raw[at + 4 : at + 30] == facts and name not in found, f"what the zip says of {name} is not so")
        index += b"PK\1\2\x14\3" + facts + struct.pack("<3H2L", 0, 0, 0, 0o100600 << 16, at) + name.encode()
        found[name], at, before = raw[begin:][:size], begin + size, listed
        listed += f"{hashlib.sha256(found[name]).hexdigest()}  {name}\n"
    index += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(found), len(found), len(index), at, 0)
    need(raw[at:] == index and found["MANIFEST.sha256"] == before.encode(), "its index or manifest does not fit")
    return found


def signed_roots(members: dict[str, memoryview], given: list[str], signed: dict[str, int]) -> dict[int, bytes]:
    """The roots of the checkpoints by size, yet to be checked; `signed` gets the largest size of each key."""
    keys, roots = [*given, *str(members["keys.txt"], "ascii").split()], dict[int, bytes]()
    for name, note in [(each, str(members[each], "utf-8")) for each in members if each.endswith(".note")]:
        text, signers = signers_of(note, keys)
        origin, size, root = text.split("\n")[:3]
        need(name == f"checkpoints/{int(size):020}.note" and int(size), f"{name} is of another size")
        roots[int(size)] = base64.b64decode(root)
        print(f"checkpoint of the entries 0 to {int(size) - 1} of {origin}, with {note.count('— ')} signatures")
        for key, said in signers.items():
            need(said or key_of(key)[0] == origin, f"{name} is signed by the key of another log")
            signed[key] = max(int(size), signed.get(key, 0))
            print(f"    by {key_of(key)[0]}{said}{'' if key in given else ', whose key came with the bundle'}")
        for stamp in [each for each in members if each.startswith(name[:-5] + "-")]:
            data, match = name[:-5] + ".signed", STAMP.search(members[stamp]) or [b"", b"", b""]
            fits = match[1] == hashlib.sha256(members[data]).digest() and len(members[data]) > len(text.encode())
            need(fits and bytes(members[name]).startswith(members[data]), f"{stamp} is of something else")
            print(f"    stamped {match[2].decode()}Z, if this says so, after unzip: openssl ts -verify",
                  f"-in {stamp} -data {data} -CAfile CERTIFICATES-OF-ITS-AUTHORITY.pem")
    return roots


def entry_of(line: bytes, seq: int, before: str) -> tuple[str, str, str, dict[str, str]]:
    """The hash, time and run of entry `seq`, its payload if it ends a run; `before`: the hash of the one before."""
    match = LINE.fullmatch(line.decode("ascii"))
    need(match and len(line) < 65535, f"entry {seq} is not written as an entry is")
    number, stamp, kind, actor, job, run, data, durable, prev, own = match.groups("") if match else [""] * 10
    need(hashlib.sha256(line[:-75]).hexdigest() == own, f"entry {seq} was altered: its hash is not that of its bytes")
    said = json.loads(f"[{data},{kind},{actor},{job or 0}]", parse_constant=lambda each: need(0, each))
    fits = int(number) == seq >= int(durable) and before in ("", prev) and len(said) == 4
    fits &= datetime.fromisoformat(stamp).year > 0 and json.dumps(said, ensure_ascii=False).encode() != b""
    need(fits, f"entry {seq} is not what must follow the one before")
    return own, stamp, run, said[0] if kind == '"run.finished"' else {}


def check_entries(members: dict[str, memoryview], roots: dict[int, bytes]) -> dict[int, str]:
    """Check the entries and the tree, with what is left out, up to each root; the times of the entries."""
    left_out = [line.split(" ") for line in str(members["tree.txt"], "ascii").splitlines()][::-1]
    lines = (line for name in [*members] if name[:8] == "entries/" for line in bytes(members[name])[:-1].split(b"\n"))
    hashes, size, found, before, line = list[bytes](), 0, dict[int, str](), "0" * 64, next(lines, None)
    while line is not None or left_out:
        height, node = 0, hashlib.sha256(b"\0" + (line or b"")).digest()
        if left_out and left_out[-1][0] == str(size):
            height, node, before = int(left_out[-1][1]) & 63, bytes.fromhex(left_out.pop()[2]), ""
            need(size % (1 << height) == 0 and len(node) == 32, f"tree.txt: what begins at {size} is no subtree")
        else:
            before, found[size], run, end = entry_of(line or b"", size, before)
            name = f"output/{run}-{end.get('attempt')}."
            for stream in [each for each in ("stdout", "stderr") if name + each in members]:
                digest = hashlib.sha256(members.pop(name + stream)).hexdigest()
                need(digest == end.get(stream + "_sha256"), f"{name}{stream} is not what the run printed")
            line = next(lines, None)
        size += 1 << height
        while not size >> height & 1:
            node, height = hashlib.sha256(b"\1" + hashes.pop() + node).digest(), height + 1
        hashes.append(node)
        root = node
        for each in hashes[-2::-1] if size in roots else ():
            root = hashlib.sha256(b"\1" + each + root).digest()
        need(root == roots.pop(size, root), f"the first {size} entries do not have the root of their checkpoint")
    need(not roots, "a checkpoint is of more entries than there are")
    need(not [each for each in members if re.match(r"output/.*\.std(out|err)$", each)], "output is there of no entry")
    return found


def main(arguments: list[str]) -> int:
    """Verify a bundle; the exit code."""
    given, signed = arguments[2::2], dict[str, int]()
    if len(arguments) % 2 == 0 or {*arguments[1::2]} - {"--key", "--witness"}:
        print(__doc__)
        return 2
    try:
        with open(arguments[0], "rb") as file:
            members = members_of(memoryview(file.read()))
        found = check_entries(members, signed_roots(members, given, signed))
        need(all(key in signed for key in given), "a key that was given has signed no checkpoint here")
        first, last, covered = min(found), max(found), max([0, *(signed[key] for key in given or signed)])
    except Exception as problem:  # noqa: BLE001 - whatever it is, nothing is verified
        print(f"NOT VERIFIED: {problem}")
        return 1
    print(f"{len(found)} entries, {first} ({found[first]}Z) to {last} ({found[last]}Z), between them",
          "none left out" if last - first < len(found) else "others, which were left out and may say anything")
    print(f"{sum(seq >= covered for seq in found)} of them are newer than what these keys signed: chained, no more")
    print("VERIFIED, if the keys that were given are right" if given else
          "CONSISTENT WITH ITSELF, as anything made up can be: give a --key that came from elsewhere")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
