"""The beginning of a ledger in PostgreSQL: its entry 0, and the SQL that makes tables with nothing else in them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from eventstore.encoder import compose
from eventstore.entry import decode_own, head_after
from eventstore.genesis import new_creation
from eventstore.postgresql import schema
from eventstore.store import EMPTY, Event, Head


class Genesis(NamedTuple):
    """The beginning of a ledger: its identity, its entry 0 with its LF, and the head that this makes."""

    ledger_id: str
    line: bytes
    head: Head


def new_genesis(software: str, actor: str, now: datetime) -> Genesis:
    """Entry 0 of a new ledger.

    Args:
        software: the program that creates it, with its version.
        actor: who creates it.
        now: its time; aware.
    """
    created = new_creation(software)
    (line,) = compose([Event(type="ledger.created", actor=actor, data=created)], EMPTY, 0, now)
    return Genesis(created.ledger, line, head_after(decode_own(line)))


def creation_script(genesis: Genesis, writer: str) -> str:
    """All that `create` does, to be read or to be run by hand; the role for the nodes has to be there."""
    return (
        schema.creation(writer)
        + schema.first_line(genesis.line)
        + schema.beginning(genesis.ledger_id, 0, genesis.head.hash)
    )
