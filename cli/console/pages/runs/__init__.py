"""The pages of runs, and of one with its output."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.runs.files import show_runs_csv, show_runs_json
from cli.console.pages.runs.list_page import show_runs
from cli.console.pages.runs.live_output import follow_output
from cli.console.pages.runs.output import show_output
from cli.console.pages.runs.run_page import show_run

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (
    PageRoute("/runs", show_runs),
    PageRoute("/runs.csv", show_runs_csv),
    PageRoute("/runs.json", show_runs_json),
    PageRoute("/runs/{run:int}", show_run),
    PageRoute("/runs/{run:int}/output/{attempt:int}/{stream}", show_output),
    PageRoute("/runs/{run:int}/output/{attempt:int}/{stream}/live", follow_output),
)
