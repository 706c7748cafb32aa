"""One entry in full, its line as it stands in the ledger, and a file that proves it."""

from __future__ import annotations

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.page_route import NotFound
from cli.ledger.entry_report import EntryReport
from cli.ledger.raw_lines import raw_line
from eventstore.entry import LINE_BYTES_MAX

_ADDED = b',"hash":"'


def show_entry(asked: Asked) -> Response:
    """The page of an entry."""
    report, last = _report(asked)
    raw = report.line.raw
    hashed, mark, rest = raw.rpartition(_ADDED)
    return asked.page(
        "ledger/entry.html",
        facts_of_entry=report.facts(asked.zone),
        entry=report.entry,
        seq=asked.request.path_params["seq"],
        last=last,
        wrong=report.wrong,
        hashed=hashed.decode("ascii", "backslashreplace"),
        rest=(mark + rest).decode("ascii", "backslashreplace"),
    )


def show_line(asked: Asked) -> Response:
    """The bytes of the line, as they stand in the ledger, with their LF."""
    report, _ = _report(asked)
    return _file(asked, report.line.raw + b"\n", "application/json", "jsonl")


def show_proof(asked: Asked) -> Response:
    """The proof that the entry is in the ledger up to the newest signed checkpoint."""
    from cli.evidence.chosen_checkpoint import chosen_checkpoint
    from cli.evidence.inclusion_proofs import inclusion_proofs

    seq = asked.request.path_params["seq"]
    _report(asked)
    ledger = asked.site.home.ledger
    checkpoint = chosen_checkpoint(ledger, None)
    raw = inclusion_proofs(asked.site.home, None, [seq], checkpoint, shown=False)[seq]
    return _file(asked, raw, "text/plain; charset=utf-8", "tlog-proof")


def _report(asked: Asked) -> tuple[EntryReport, int]:
    """What there is to tell of the entry, and the last one as of the moment that is looked at."""
    seq = asked.request.path_params["seq"]
    with asked.look() as view:
        last = view.state.head.seq if view.as_of is None else view.as_of
    line = raw_line(asked.site.home.ledger, seq) if seq <= last else None
    if line is None:
        raise NotFound(f"there is no entry {seq}: the last one is {last}")
    assert len(line.raw) <= LINE_BYTES_MAX, "no line is longer"
    return EntryReport(asked.site.home.ledger, seq, line, last), last


def _file(asked: Asked, raw: bytes, kind: str, suffix: str) -> Response:
    name = f"{asked.request.path_params['seq']}.{suffix}"
    return Response(raw, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
