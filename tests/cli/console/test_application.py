"""What every answer of the console has in common."""

from __future__ import annotations

import re
from pathlib import Path

from cli.console.static_files import FOLDER
from tests.support.command import call
from tests.support.console import Page, console
from tests.support.home import flip_a_bit, make_home


def test_a_page_and_a_page_that_is_not(tmp_path: Path) -> None:
    """The first page answers; an address that has none says so, on a page that leads back."""
    home = make_home(tmp_path)
    call("--home", str(home.root), "jobs", "disable", "nightly", "--reason", "holidays")
    with console(home) as client:
        page = Page(client.get("/").text)
        assert "nightly" in page.text
        missing = client.get("/nowhere")
        assert (missing.status_code, ("/", "Now") in Page(missing.text).links) == (404, True)


def test_the_headers_of_every_answer(tmp_path: Path) -> None:
    """No script and no style that stands in a page is obeyed, nobody else may frame it, nothing is kept."""
    with console(make_home(tmp_path)) as client:
        for path in ("/", "/nowhere", "/static/console.css", "/healthz"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert headers["x-content-type-options"] == "nosniff", path
        assert client.get("/").headers["cache-control"] == "no-store"


def test_static_files_are_found_by_their_digest(tmp_path: Path) -> None:
    """What a page names is there, may be kept for ever, and nothing beside the folder is given out."""
    with console(make_home(tmp_path)) as client:
        named = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").text)
        assert named
        for address in named:
            answer = client.get(address)
            assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True), (
                address
            )
        for path in ("/static/../site.py", "/static/%2e%2e/site.py", "/static/", "/static/nothing.css"):
            assert client.get(path).status_code in (404, 405), path
    assert all(path.is_file() or path.is_dir() for path in FOLDER.rglob("*"))


def test_the_past_has_addresses_of_its_own(tmp_path: Path) -> None:
    """Each page can be asked as of an entry or a time, and its links stay there; what was not yet is not shown."""
    home = make_home(tmp_path)
    call("--home", str(home.root), "jobs", "disable", "nightly", "--reason", "holidays")
    with console(home) as client:
        first = Page(client.get("/as-of/0/").text)
        assert "nightly" not in first.text
        assert ("/as-of/0/jobs", "Jobs") in first.links
        assert ("/", "Back to now") in first.links
        assert "no entry 999999 yet" in Page(client.get("/as-of/999999/").text).text
        assert client.get("/as-of/tomorrow%20noon/").status_code == 400
        assert client.get("/as-of/2999-01-01/").status_code == 400
    with console(home, as_of="0") as client:
        page = Page(client.get("/").text)
        assert ("nightly" not in page.text, "As it was: 0" in page.text) == (True, True)


def test_a_damaged_ledger_is_told_on_the_page(tmp_path: Path) -> None:
    """What cannot be trusted is not shown as if it could: the page says what happened and what to do."""
    home = make_home(tmp_path)
    for _ in range(2):
        call("--home", str(home.root), "jobs", "disable", "nightly", "--reason", "holidays")
        call("--home", str(home.root), "jobs", "enable", "nightly")
    flip_a_bit(home)
    with console(home) as client:
        answer = client.get("/")
        page = Page(answer.text)
    assert answer.status_code == 503
    assert "ledger verify" in page.text


def test_an_entry_made_later_is_seen(tmp_path: Path) -> None:
    """The ledger stays open and is brought up to date for each page."""
    home = make_home(tmp_path)
    call("--home", str(home.root), "jobs", "enable", "nightly")
    with console(home) as client:
        before = Page(client.get("/").text).text
        call("--home", str(home.root), "jobs", "disable", "nightly", "--reason", "holidays", "--for", "1h")
        after = Page(client.get("/").text).text
    assert re.search(r"after entry #(\d+)", before) != re.search(r"after entry #(\d+)", after)


def test_no_template_has_anything_that_the_policy_forbids() -> None:
    """Templates hold no script, no style and no handler in line: a browser would not obey them."""
    for path in (FOLDER.parent / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", text), path
