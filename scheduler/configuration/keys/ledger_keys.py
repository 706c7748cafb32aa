"""The keys of the `ledger:` block, and everything that is to be said of each."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys.block_values import anchors, evidence, place
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.setting import Setting
from scheduler.evidence.settings import CheckpointTimes

OWN_ORIGIN: Final = "cronledger/ and the id of the ledger"

LEDGER_KEYS: Final[dict[str, Key]] = {
    "store": Key(
        setting=Setting("store", lambda value: place.OWN if value is None else value),
        read=place.store,
        takes=place.STORE_TAKES,
        default=place.OWN,
        meaning="Where the ledger is: the home itself, or a PostgreSQL database that several machines share. The "
        "password stands in `~/.pgpass` (or `PGPASSFILE`) or in `PGPASSWORD`, never here. A ledger that is in the "
        "home is taken there by `cronledger ledger move`; docs/several-machines.md tells more.",
        example="store: postgresql://ledger@db.example/cronledger",
        comment="a database that several machines share, as postgresql://USER@HOST/NAME (the home itself)",
    ),
    "key": Key(
        setting=Setting("key", evidence.shown_key),
        read=evidence.signing_key,
        takes=evidence.KEY_TAKES,
        default=evidence.shown_key(None),
        meaning="Where the private key is that signs checkpoints: a file, absolute or relative to the home, or a "
        "command, such as one that asks an agent of another user. It gets the text on its standard input and writes "
        "the signature line. `cronledger ledger key generate` makes one.",
        example="key: {file: keys/signing-key}",
        comment="the private key, or {command: [program]} that signs ({file: keys/signing-key})",
    ),
    "origin": Key(
        setting=Setting("origin", lambda value: OWN_ORIGIN if value is None else value),
        read=evidence.origin,
        takes=evidence.ORIGIN_TAKES,
        default=OWN_ORIGIN,
        meaning="How checkpoints and keys name the ledger. It is fixed by the first key.",
        example="origin: db1.example.com/cronledger",
        comment=f"how checkpoints name the ledger ({OWN_ORIGIN})",
    ),
    "checkpoint": Key(
        setting=Setting("checkpoint", evidence.shown_times),
        read=evidence.checkpoint_times,
        takes=evidence.CHECKPOINT_TAKES,
        default=evidence.shown_times(CheckpointTimes()),
        meaning="When a serving scheduler has the ledger signed: after so many entries, after so long if something "
        "was recorded, and when it stops.",
        example="checkpoint: {entries: 1000, interval: 1h}",
        comment="when the ledger is signed ({entries: 1000, interval: 1h})",
    ),
    "anchors": Key(
        setting=Setting("anchors", anchors.shown_anchors),
        read=anchors.anchors,
        takes=anchors.ANCHORS_TAKE,
        default=anchors.NONE,
        meaning="Who else remembers the signed checkpoints: a folder on another mount (`file`), a `webhook`, a "
        "`command`, a `witness`, a time-stamp authority (`timestamp`). docs/anchors.md tells what each takes.",
        example="anchors: [{file: /mnt/worm/ledger}]",
        comment="who else remembers checkpoints (none)",
    ),
}
"""The keys of the ledger block."""
