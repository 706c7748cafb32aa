"""Anchors as the config names them, and as the ledger does."""

from __future__ import annotations

import pytest

from eventstore.proofs.notes.signing import Cosigner
from scheduler.evidence.anchors.settings import AnchorSettings
from tests.scheduler.configuration.reading import read, refused

VKEY = Cosigner("w.example/1", bytes(32)).verifier_key.text


def anchors(written: str) -> list[AnchorSettings]:
    """What a config with these anchors says."""
    return read(f"jobs: {{}}\nledger:\n  anchors: {written}\n").ledger.anchors


@pytest.mark.parametrize(
    ("written", "anchor", "name"),
    [
        ("{file: /mnt/worm}", AnchorSettings(kind="file", target="/mnt/worm"), "file /mnt/worm"),
        (
            "{file: a, same_filesystem: true}",
            AnchorSettings(kind="file", target="a", same_filesystem=True),
            "file a",
        ),
        (
            '{webhook: "https://u:p@h.example:8443/a/b?token=c", authorization: t}',
            AnchorSettings(
                kind="webhook", target="https://u:p@h.example:8443/a/b?token=c", authorization="t"
            ),
            "webhook https://h.example:8443 (b2b8d1c7)",
        ),
        (
            "{command: [/usr/bin/a, --token, b], recall: [/usr/bin/r]}",
            AnchorSettings(
                kind="command", target="/usr/bin/a", arguments=["--token", "b"], recall=["/usr/bin/r"]
            ),
            "command /usr/bin/a (9a1df2ff)",
        ),
        (
            "{command: [/usr/bin/a]}",
            AnchorSettings(kind="command", target="/usr/bin/a"),
            "command /usr/bin/a",
        ),
        (
            f'{{witness: "https://u@w.example/x?y", key: {VKEY}, monitoring: "http://m.example"}}',
            AnchorSettings(
                kind="witness", target="https://u@w.example/x?y", key=VKEY, monitoring="http://m.example"
            ),
            "witness https://w.example/x",
        ),
        (
            '{timestamp: "http://t.example/tsr", certificates: ca.pem}',
            AnchorSettings(kind="timestamp", target="http://t.example/tsr", certificates="ca.pem"),
            "timestamp http://t.example/tsr",
        ),
    ],
)
def test_each_kind(written: str, anchor: AnchorSettings, name: str) -> None:
    """It is read, alone or in a list, and the name by which the ledger knows it holds nothing secret."""
    assert anchors(written) == anchors(f"[{written}]") == [anchor]
    shown = anchor.name.partition(" (")[0]
    assert shown == name.partition(" (")[0]
    assert (" (" in anchor.name) is (" (" in name)


def test_no_anchor_is_the_default() -> None:
    """As is an empty list."""
    assert anchors("[]") == read("jobs: {}\n").ledger.anchors == []


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("/mnt/worm", "this takes a list"),
        ("{}", "this takes a list"),
        ("[{}]", "this takes a mapping"),
        ("[none]", "this takes a mapping"),
        ("{file: a, webhook: 'http://x'}", "exactly one of file, webhook, command, witness, timestamp"),
        ("{key: a+b+c}", "exactly one of"),
        ("{file: a, recall: [b]}", "recall does not belong to a file"),
        ("{witness: 'https://w.example'}", "without its key nobody can tell"),
        ("{witness: 'https://w.example', key: abc}", "the public key of the witness"),
        ("{timestamp: 'https://t.example'}", "without certificates nobody can tell"),
        ("{webhook: ftp://x}", "this takes an address"),
        ("{webhook: 'https://'}", "this takes an address"),
        ("{webhook: 'https://x:99999/'}", "this takes an address"),
        ("{webhook: 'https://x/#a'}", "this takes an address"),
        ("{webhook: 'https://x/a b'}", "this takes an address"),
        ("{url: 'https://x/'}", "unknown key 'url'"),
        ("{command: /bin/a}", "a list of a program"),
        ("{command: []}", "a list of a program"),
        ("[{file: a}, {file: a}]", "this anchor is there already: file a"),
        ("[" + ", ".join(f"{{file: a{number}}}" for number in range(17)) + "]", "at most 16"),
    ],
)
def test_what_is_no_anchor_is_refused(written: str, why: str) -> None:
    """And it is said why."""
    (error,) = refused(f"jobs: {{}}\nledger:\n  anchors: {written}\n")
    assert why in error.message
