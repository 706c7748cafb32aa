"""Figures of the home as Prometheus reads them."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from cli.console.asked import Asked
from cli.metrics.exposition import exposed


def show_metrics(asked: Asked) -> Response:
    """The figures, in the format that is asked for."""
    from scheduler.metrics.figures import figures
    from scheduler.metrics.last_verification import last_verification

    if asked.as_of is not None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "metrics are those of now")
    verified = last_verification(asked.site.home)
    with asked.site.counting.counted(asked.look) as (view, totals):
        gathered = list(figures(asked.site.config.beside(view), totals, verified))
    text, kind = exposed(gathered, asked.request.headers.get("accept", ""))
    return Response(text, media_type=kind)
