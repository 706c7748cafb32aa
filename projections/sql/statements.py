"""Which statements only read: the judgement on a query before any part of it is executed.

The engine's own settings keep a query away from other folders, but not from writing: `COPY … TO` may write wherever
reading is allowed, and since DuckDB 2 it may stand inside a `WITH`, in a statement whose type is `SELECT`. So the
type alone does not decide. A statement is executed if

1. the engine's parser calls it a SELECT, or an EXPLAIN of one, and nothing else stands beside it;
2. its syntax tree, as the parser prints it, consists of the node types that read, and its tables are only views,
   names that the statement itself defines, and functions that are known to compute: never a file;
3. it is executed as a subquery, in which the engine accepts nothing that modifies.

For the statements that are known today, each rule alone would suffice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from eventstore.nesting import nests_deeper
from projections.errors import QueryFailed, QueryRefused
from projections.query_errors import failed, hint_for
from projections.sql.named_tables import COMPUTING_FUNCTIONS, LISTING_FUNCTIONS, named_tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Statement

_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_REFUSED_FUNCTIONS = frozenset(
    {"add_parquet_key", "current_setting", "getenv", "json_execute_serialized_sql", "json_serialize_plan", "nextval",
     "query", "query_table", "read_blob", "read_csv", "read_text", "setval", "write_log"}
)  # fmt: skip
_SCHEMAS = frozenset({"", "information_schema", "main", "parts"})
_DATABASES = frozenset({"", "memory", "system"})
_SETTINGS_VIEW = "pg_settings"
_FILE_SIGNS = frozenset("./\\:*?[")
"""A table whose name holds one of these may be taken for a file, or for several."""
_DONE_BY = {
    "ALTER": "changes a table",
    "ATTACH": "opens another database",
    "CALL": "calls a procedure",
    "COPY": "writes or reads a file",
    "CREATE": "creates something",
    "CREATE_FUNC": "creates something",
    "DELETE": "deletes rows",
    "DETACH": "closes a database",
    "DROP": "drops something",
    "EXECUTE": "executes a prepared statement",
    "EXPORT": "writes files",
    "EXTENSION": "loads an extension",
    "INSERT": "inserts rows",
    "LOAD": "installs or loads an extension",
    "MERGE_INTO": "changes rows",
    "PRAGMA": "is a PRAGMA",
    "PREPARE": "prepares a statement",
    "SET": "changes a setting",
    "TRANSACTION": "controls a transaction",
    "UPDATE": "changes rows",
    "VACUUM": "vacuums or analyzes",
}
SYNTAX_NESTING_MAX = 600
"""How deep a printed syntax tree may nest: each operator or query within another one adds three levels."""
_LISTED = "list the values, as in PIVOT … ON column IN ('a', 'b')"


class ReadStatement(NamedTuple):
    """A statement that may be executed.

    Attributes:
        select: the SELECT, without anything behind it, so that it can stand in parentheses.
        explain: the words to put before it, `EXPLAIN` or `EXPLAIN ANALYZE`; empty for the SELECT itself.
        lines_above: how many lines of the query stand above the one in which `select` begins.
        names: the tables that it names; see `named_tables`.
    """

    select: str
    explain: str = ""
    lines_above: int = 0
    names: frozenset[str] = frozenset()


def read_statements(engine: DuckDBPyConnection, query: str) -> list[ReadStatement]:
    """The statements of a query, once all of them are judged.

    Raises:
        QueryRefused: a statement does something else than read.
        QueryFailed: the query is no SQL, or empty.
    """
    import duckdb

    try:
        query.encode()
        statements = [(one.query, _kind(one)) for one in engine.extract_statements(query)]
    except UnicodeEncodeError as error:
        raise QueryFailed(f"the query is not valid Unicode: {error.reason}") from None
    except duckdb.Error as error:
        raise failed(error) from None
    if not statements:
        raise QueryFailed("there is no statement in this query")
    judged, begin = [], 0
    for text, kind in statements:
        # The engine decides whether blank lines before a statement belong to it, so the statement is searched for.
        begin = max(query.find(text, begin), begin)
        statement = _judge(engine, text, kind)
        judged.append(statement._replace(lines_above=statement.lines_above + query.count("\n", 0, begin)))
        begin += len(text)
    return judged


def _kind(statement: Statement) -> str:
    try:
        return statement.type.name
    except ValueError:
        # The parser knows more types than the Python binding has names for.
        return "of an unnamed type"


def _judge(engine: DuckDBPyConnection, text: str, kind: str) -> ReadStatement:
    if kind == "EXPLAIN":
        return _judge_explained(engine, text)
    if kind == "MULTI":
        raise QueryRefused(f"a PIVOT that has to look for its columns creates a type: {_LISTED}")
    if kind != "SELECT":
        raise QueryRefused(
            f"only statements that read are executed; this one {_DONE_BY.get(kind, f'is {kind}')}"
        )
    select = _without_end(text)
    tree = _syntax_tree(engine, select)
    _judge_tree(tree)
    return ReadStatement(select, names=named_tables(tree))


def _judge_explained(engine: DuckDBPyConnection, text: str) -> ReadStatement:
    """Judge the statement that an EXPLAIN explains, because EXPLAIN ANALYZE executes it."""
    words = [(word, offset) for word, offset in _words(text) if word not in {"", ";"}]
    explain, start = "EXPLAIN", 1
    if len(words) > 1 and words[1][0].upper() == "ANALYZE":
        explain, start = "EXPLAIN ANALYZE", 2
    if len(words) <= start or words[start][0].startswith("("):
        raise QueryRefused("EXPLAIN and EXPLAIN ANALYZE of a SELECT are executed, without options")
    begin = words[start][1]
    judged = read_statements(engine, text.encode()[begin:].decode())
    if len(judged) != 1 or judged[0].explain:
        raise QueryRefused("EXPLAIN is executed for one SELECT")
    lines_above = judged[0].lines_above + text.encode().count(b"\n", 0, begin)
    return judged[0]._replace(explain=explain, lines_above=lines_above)


def _without_end(text: str) -> str:
    """The statement without the semicolon that ends it and what follows that."""
    for word, offset in _words(text):
        if word == ";":
            return text.encode()[:offset].decode()
    return text


def _words(text: str) -> Iterator[tuple[str, int]]:
    """The words of a statement and where each begins, in bytes; a comment counts as an empty word."""
    import duckdb

    raw = text.encode()
    tokens = duckdb.tokenize(text)
    for (offset, kind), end in zip(tokens, [*(start for start, _ in tokens[1:]), len(raw)], strict=True):
        word = raw[offset:end].decode().strip()
        yield ("" if kind == duckdb.token_type.comment else word), offset


def _syntax_tree(engine: DuckDBPyConnection, select: str) -> Any:
    printed = engine.execute("SELECT json_serialize_sql($1::VARCHAR)", [select]).fetchone()
    if printed and nests_deeper(printed[0].encode(), SYNTAX_NESTING_MAX):
        raise QueryRefused(
            f"this statement nests too deep to be judged: its syntax tree has more than {SYNTAX_NESTING_MAX} levels;"
            " split it, or say parts of it as WITH … AS (…)"
        )
    tree: Any = msgspec.json.decode(printed[0]) if printed else {}
    if tree.get("error", True) or len(tree.get("statements", ())) != 1:
        raise QueryRefused(
            f"this statement cannot be judged: {tree.get('error_message', 'it is not one SELECT')}"
        )
    return tree


def _judge_tree(tree: Any) -> None:
    """Refuse a tree with a node that does not read; the walk is iterative, because trees may be deep."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
            continue
        if not isinstance(node, dict):
            continue
        _judge_node(str(node.get("type", "")), node)
        todo.extend(node.values())


def _judge_node(kind: str, node: dict[str, Any]) -> None:
    if kind.endswith("_NODE") and kind not in _READING_NODES and "modifiers" in node:
        done = _DONE_BY.get(kind.removesuffix("_QUERY_NODE"), f"has a {kind}")
        raise QueryRefused(f"only statements that read are executed; a part of this one {done}")
    function = node.get("function")
    if kind == "TABLE_FUNCTION" and isinstance(function, dict):
        name = str(function.get("function_name", "")).lower()
        if name not in COMPUTING_FUNCTIONS and name not in LISTING_FUNCTIONS:
            raise QueryRefused(f"the table function {name} is not one that only computes")
    if kind == "FUNCTION" and str(node.get("function_name", "")).lower() in _REFUSED_FUNCTIONS:
        raise QueryRefused(f"the function {node['function_name']} reaches outside of the views")
    if kind in {"BASE_TABLE", "SHOW_REF"}:
        _judge_table(*(str(node.get(f"{part}_name", "")) for part in ("catalog", "schema", "table")))
    if kind == "SHOW_REF" and node.get("show_type") == "SHOW":
        _judge_shown(str(node["table_name"]))


def _judge_shown(name: str) -> None:
    """Refuse to SHOW anything but a view: the name may be that of a setting, which would show paths."""
    from projections.schema.columns import VIEWS

    if name.lower() not in VIEWS:
        said = f"Table with name {name} does not exist!"
        raise QueryFailed(said, hint_for(said))


def _judge_table(database: str, schema: str, name: str) -> None:
    """Refuse every name but those of views: the engine looks for an unknown table among files."""
    if _FILE_SIGNS & set(name):
        raise QueryRefused(f"{name} is a file: only the views can be read")
    if schema.lower() not in _SCHEMAS or database.lower() not in _DATABASES:
        raise QueryRefused(f"{'.'.join(filter(None, (database, schema, name)))} is none of the views")
    if name.lower() == _SETTINGS_VIEW:
        raise QueryRefused("the engine's settings are no concern of a query")
