"""What runs, what waits, what comes next."""

from __future__ import annotations

from starlette.responses import Response

from cli.console.asked import Asked


def show_now(asked: Asked) -> Response:
    """The page of what is going on now."""
    with asked.look() as view:
        return asked.page("now/now.html", view=view, jobs=view.state.present_jobs())
