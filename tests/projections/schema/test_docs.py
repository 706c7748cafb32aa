"""`docs/sql.md` against the real views. `python -m tests.projections.schema.test_docs` writes what changed."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.sql.formats import table_texts
from projections import VIEWS, Sql, open_sql
from projections.schema.columns import markdown_table
from tests.support.command import call
from tests.support.sql_page import PAGE, QUERY, example

_COLUMNS = re.compile(r"<!-- columns: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def shown(sql: Sql, query: str) -> str:
    """The answer as `cronledger sql` prints it into a pipe."""
    answer = sql.execute(query)
    return "\n".join(table_texts(answer.columns, answer.rows))


def page_as_it_should_be(page: str) -> str:
    """The page with its tables and answers made from the code."""
    page = _COLUMNS.sub(
        lambda found: f"<!-- columns: {found[1]} -->\n{markdown_table(found[1])}\n<!-- end -->", page
    )
    with TemporaryDirectory() as folder:
        writer = example(Path(folder))
        with open_sql(writer.home) as sql:
            page = QUERY.sub(
                lambda found: f"```sql\n{found[1]}```\n\n```text\n{shown(sql, found[1])}\n```\n", page
            )
        writer.close()
    return page


def test_the_page_shows_the_real_columns_and_the_real_answers() -> None:
    """Every table of columns is that of the views, and every answer is what its query yields."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_as_it_should_be(page)


def test_every_view_and_its_questions_are_on_the_page() -> None:
    """No view is left out, each is described, and there are as many worked questions as the page says."""
    page = PAGE.read_text(encoding="utf-8")
    assert [found[1] for found in _COLUMNS.finditer(page)] == list(VIEWS)
    assert [name for name in VIEWS if f"- [`{name}`](#{name})" not in page] == []
    assert len(QUERY.findall(page)) == 11
    assert "## Eleven questions" in page
    assert all(len(found.splitlines()) >= 3 for found in re.findall(r"```text\n(.*?)```", page, re.DOTALL))


def test_an_answer_on_the_page_is_what_the_command_prints(tmp_path: Path) -> None:
    """`cronledger sql` in a pipe prints a time, a number, a list and a NULL as the page has them, byte for byte."""
    example(tmp_path).close()
    page = PAGE.read_text(encoding="utf-8")
    answers = re.findall(r"```sql\n(.*?)```\n\n```text\n(.*?)```", page, re.DOTALL)
    for sign in ("Z  ", '["failed"]', "  -  "):
        query, expected = next((query, text) for query, text in answers if sign in text)
        assert call("sql", query, home=tmp_path).out == expected


if __name__ == "__main__":
    PAGE.write_text(page_as_it_should_be(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
