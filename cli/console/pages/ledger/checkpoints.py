"""What was signed of the ledger, who else remembers it, and when it was verified."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.page_route import NotFound
from cli.status.evidence import anchor_lines, signed_lines

_SHOWN_MAX: Final = 50


def show_checkpoints(asked: Asked) -> Response:
    """The page of checkpoints, the newest first."""
    from eventstore.kept_sizes import sizes
    from scheduler.metrics.last_verification import last_verification

    verified = None if asked.as_of is not None else last_verification(asked.site.home)
    with asked.look() as found:
        view = asked.site.config.beside(found)
        last = view.state.head.seq
        kept = [size for size in sorted(sizes(asked.site.home.ledger), reverse=True) if size <= last + 1]
        return asked.page(
            "ledger/checkpoints.html", view=view, kept=kept[:_SHOWN_MAX], count=len(kept), verified=verified,
            signed=signed_lines(view, asked.zone), anchors=anchor_lines(view, asked.zone),
            archive=view.state.archive,
        )  # fmt: skip


def show_checkpoint(asked: Asked) -> Response:
    """A checkpoint that is kept, as it was signed."""
    from cli.evidence.chosen_checkpoint import kept_checkpoint

    size = asked.request.path_params["size"]
    kept = kept_checkpoint(asked.site.home.ledger, size)
    if kept is None:
        raise NotFound(f"no checkpoint of {size} entries is kept")
    name = {"Content-Disposition": f'attachment; filename="checkpoint-{size}"'}
    return Response(kept.note.raw, media_type="text/plain; charset=utf-8", headers=name)
