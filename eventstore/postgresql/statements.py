"""The statements of a node. Each is one transaction; the head moves only where it is as expected."""

# ruff: noqa: S608 - the SQL is put together from constants
from __future__ import annotations

from collections.abc import Sequence

from eventstore.postgresql.session import Row, Statement
from eventstore.postgresql.values import INT8, TEXT, present, read_binary_int8

LINES_MAX = 1_000
"""So many lines one statement gives at most."""
LINES_MAX_BYTES = 2 << 20
"""With so many bytes, or a single line: what a slow network carries within a deadline."""

LINE_FEED = "pg_catalog.chr(10)"
LINE = f"pg_catalog.convert_to(given.line || {LINE_FEED}, 'UTF8')"
"""Lines come as one text without the last line feed: a ledger's are ASCII, each without a line feed inside."""

_MOVE = """
    WITH moved AS (
        UPDATE cronledger.head SET seq = $1, hash = $2 WHERE seq = $3 AND hash = $4 AND halted IS {halted}
        RETURNING seq
    ), written AS (
        INSERT INTO cronledger.entries (seq, line)
        SELECT $3 + given.ordinal, {line}
          FROM unnest(pg_catalog.string_to_array($5, {line_feed})) WITH ORDINALITY AS given (line, ordinal)
         WHERE EXISTS (SELECT FROM moved)
    )
    SELECT {seen} FROM moved
"""
_MOVE_TYPES = (INT8, TEXT, INT8, TEXT, TEXT)


def _move(halted: str, more: str = "") -> str:
    """The statement that moves the head, where it is as expected and the flag is as wanted."""
    return _MOVE.format(halted=halted, seen=f"seq{more}", line=LINE, line_feed=LINE_FEED)


NODES_MAX = 1_000
"""So many nodes are read at most."""
LINE_READ_BYTES = 65_537
"""Of a line so many bytes are read at most: one more than an entry can have."""
CONFIG_READ_BYTES = 64 << 20
"""Of the text of a config so many bytes are read at most: more than it can have. A longer one has another digest."""
_COUNTED = "counter % 1000000000 + 1"
"""A counter that was raised. That it differs is all that counts, and wherever it was set, it can be raised."""
_INCARNATION = "pg_catalog.left(nodes.incarnation, 64)"

_HEAD = "head.seq, pg_catalog.left(head.hash, 100), pg_catalog.left(head.halted, 2000)"
_PULSE = f"""
    (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint,
    {_HEAD}, nodes.name, nodes.incarnation, nodes.host, nodes.counter
      FROM cronledger.head LEFT JOIN (
          SELECT name, {_INCARNATION} AS incarnation, pg_catalog.left(host, 300) AS host, counter
            FROM cronledger.nodes WHERE pg_catalog.length(name) <= 200 ORDER BY name LIMIT {NODES_MAX}
      ) AS nodes ON true ORDER BY nodes.name
"""

APPEND = Statement("append", _move("NULL"), _MOVE_TYPES, changes=True)
APPEND_AND_HINT = Statement(
    "append and hint",
    _move("NULL", ", pg_catalog.pg_notify('cronledger', '')"),
    _MOVE_TYPES,
    changes=True,
)
REFILL = Statement("refill", _move("NOT NULL"), _MOVE_TYPES, changes=True)
RESUME = Statement(
    "resume",
    "UPDATE cronledger.head SET halted = NULL WHERE seq = $1 AND hash = $2 RETURNING seq",
    (INT8, TEXT),
    changes=True,
)
HEAD = Statement("head", f"SELECT {_HEAD} FROM cronledger.head")
IDENTITY = Statement(
    "identity",
    """
    SELECT head.ledger_id, head.schema_version,
           (SELECT bool_and(pg_catalog.has_table_privilege(needed.relation, needed.privilege))
              FROM (VALUES ('cronledger.entries', 'SELECT'), ('cronledger.entries', 'INSERT'),
                           ('cronledger.nodes', 'SELECT'), ('cronledger.nodes', 'INSERT'),
                           ('cronledger.nodes', 'UPDATE'), ('cronledger.configs', 'SELECT'),
                           ('cronledger.configs', 'INSERT')) AS needed (relation, privilege))
           AND pg_catalog.has_any_column_privilege('cronledger.head', 'UPDATE')
           AND pg_catalog.has_any_column_privilege('cronledger.confirmations', 'UPDATE'),
           EXISTS (SELECT FROM pg_catalog.pg_proc AS hint
                    WHERE hint.proname = 'pg_notify' AND pg_catalog.has_function_privilege(hint.oid, 'EXECUTE'))
      FROM cronledger.head
    """,
)
"""Which ledger, in which version, whether this role may do what a node does, and whether there are hints."""
LINES = Statement(
    "lines",
    f"""
    SELECT found.seq, found.line FROM (
        SELECT seq, pg_catalog.substring(line, 1, {LINE_READ_BYTES}) AS line,
               sum(pg_catalog.length(line)) OVER (ORDER BY seq) AS bytes
          FROM cronledger.entries WHERE seq >= $1 AND seq < $1 + $2
    ) AS found
    WHERE found.bytes <= {LINES_MAX_BYTES} OR found.seq = $1 ORDER BY found.seq
    """,
    (INT8, INT8),
    binary=True,
)
CONFIRM = Statement("confirm", f"UPDATE cronledger.confirmations SET counter = {_COUNTED}", changes=True)
HALT = Statement("halt", "UPDATE cronledger.head SET halted = $1 WHERE halted IS NULL", (TEXT,), changes=True)
CLAIM = Statement(
    "claim",
    f"""
    INSERT INTO cronledger.nodes AS present (name, incarnation, host, counter) VALUES ($1, $2, $3, 1)
    ON CONFLICT (name) DO UPDATE
       SET incarnation = excluded.incarnation, host = excluded.host, counter = present.{_COUNTED}
     WHERE {_INCARNATION.replace("nodes.", "present.")} IN (excluded.incarnation, $4)
    RETURNING counter
    """,
    (TEXT, TEXT, TEXT, TEXT),
    changes=True,
)
RENEW = Statement(
    "renew",
    f"""
    WITH mine AS (
        UPDATE cronledger.nodes SET counter = {_COUNTED}, host = $3 WHERE name = $1 AND incarnation = $2
        RETURNING counter
    )
    SELECT (SELECT counter FROM mine), {_PULSE}
    """,
    (TEXT, TEXT, TEXT),
    changes=True,
)
PULSE = Statement("pulse", f"SELECT {_PULSE}")
KEEP_CONFIG = Statement(
    "keep config",
    "INSERT INTO cronledger.configs (digest, text) VALUES ($1, pg_catalog.decode($2, 'hex')) "
    "ON CONFLICT (digest) DO NOTHING",
    (TEXT, TEXT),
    changes=True,
)
CONFIG = Statement(
    "config",
    f"SELECT pg_catalog.substring(text, 1, {CONFIG_READ_BYTES}) FROM cronledger.configs WHERE digest = $1",
    (TEXT,),
    binary=True,
)
LISTEN = "LISTEN cronledger"


def lines_of(rows: Sequence[Row], first: int) -> list[bytes]:
    """The lines that `LINES` gave from entry `first` on, up to where one is missing."""
    found: list[bytes] = []
    for seq, line in rows:
        if read_binary_int8(present(seq)) != first + len(found):
            break
        found.append(present(line))
    return found
