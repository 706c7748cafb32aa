"""From a page to the same page as it was."""

from __future__ import annotations

from pathlib import Path

from tests.support.command import call
from tests.support.console import Page, console
from tests.support.home import make_home


def test_each_page_has_a_form_that_leads_to_its_past(tmp_path: Path) -> None:
    """A day, a time or an entry is chosen without a script; what is no moment is told; it leads nowhere else."""
    home = make_home(tmp_path)
    call("--home", str(home.root), "jobs", "enable", "nightly")
    with console(home) as client:
        page = Page(client.get("/jobs?state=enabled").text)
        assert ("input", {"type": "hidden", "name": "page", "value": "/jobs?state=enabled"}) in page.elements
        led = {
            address: client.get(f"/as-of?{address}", follow_redirects=False).headers["location"]
            for address in (
                "day=2026-03-01&time=&page=/jobs%3Fq%3Da",
                "day=2026-03-01&time=08:30&page=/",
                "entry=0&page=/runs",
                "entry=0&page=//evil.example/",
                "entry=0&page=https://evil.example/",
            )
        }
        assert list(led.values()) == [
            "/as-of/2026-03-01T00%3A00Z/jobs?q=a",
            "/as-of/2026-03-01T08%3A30Z/",
            "/as-of/0/runs",
            "/as-of/0//evil.example/",
            "/as-of/0/",
        ]
        assert "nightly" not in Page(client.get("/as-of?entry=0&page=/jobs").text).text
        assert client.get("/as-of?day=&page=/jobs").status_code == 400
        assert client.get("/as-of?day=soon&page=/jobs").status_code == 400
