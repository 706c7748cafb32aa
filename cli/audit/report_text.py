"""A report as it is given out: text of 80 columns, one HTML page that needs nothing else, or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from projections.audit.report import Report

FORMATS: Final = ("text", "html", "json")


def report_text(report: Report, form: str, zone: str, *, colour: bool = False) -> str:
    """A report in one of the formats.

    Args:
        report: the report.
        form: which one.
        zone: whose times are shown; JSON has those of UTC.
        colour: text for a terminal that has colours.
    """
    if form == "json":
        from cli.app.json_output import text_of
        from projections.audit.document import document

        return text_of(document(report))
    if form == "html":
        from cli.audit.page import page

        return page(report, zone)
    from cli.audit.text import ReportText

    return "\n".join(ReportText(report, zone, colour=colour).lines())
