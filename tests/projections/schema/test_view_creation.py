from __future__ import annotations

from contextlib import closing

from projections.schema.log_view import log_view
from projections.schema.tables import VIEWS_SQL, carried_rows
from projections.schema.view_creation import create_over_stand_ins
from projections.views.engine import start
from projections.views.handover import HandoverFile
from projections.views.unsealed import UnsealedTables


def created(*, plainly: bool) -> list[tuple[object, ...]]:
    """What there is once the views are created: tables and views, their columns and types."""
    with start(None) as engine, closing(HandoverFile()) as handover:
        UnsealedTables(engine, handover, 0).add_runs(carried_rows([], []))
        for kind, source in (
            ("events", "recent_events"),
            ("runs", "recent_runs"),
            ("notes", "recent_events"),
        ):
            engine.execute(f"CREATE VIEW parts.sealed_{kind} AS FROM parts.{source}")
        engine.execute(log_view([]))
        if plainly:
            engine.execute(VIEWS_SQL)
        else:
            create_over_stand_ins(engine)
        return engine.execute(
            "SELECT c.schema_name, c.table_name, column_name, data_type, v.sql FROM duckdb_columns() AS c "
            "LEFT JOIN duckdb_views() AS v ON v.view_oid = c.table_oid WHERE NOT c.internal "
            "ORDER BY c.schema_name, c.table_name, column_index"
        ).fetchall()


def test_views_created_over_stand_ins_are_those_of_the_sql() -> None:
    """The same views with the same columns and texts, and nothing is left that stood in for one; so again."""
    plain = created(plainly=True)
    assert len({row[1] for row in plain}) > 20
    assert created(plainly=False) == plain
    assert created(plainly=False) == plain
