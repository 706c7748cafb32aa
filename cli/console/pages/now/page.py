"""What runs, what waits, what failed, what comes next, and how the home is."""

from __future__ import annotations

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.pages.now.health import health_of
from cli.console.pages.now.jobs import jobs_of
from cli.console.pages.now.runs import runs_of


def show_now(asked: Asked) -> Response:
    """The page of what is going on now."""
    zone = asked.zone
    with asked.look() as found:
        view = asked.site.config.beside(found)
        health, jobs, runs = health_of(view, zone), jobs_of(asked, view, zone), runs_of(view, zone)
        now, head, served = view.now, view.state.head.seq, view.is_served or view.as_of is not None
    return asked.page("now/now.html", health=health, jobs=jobs, runs=runs, now=now, head=head, served=served)
