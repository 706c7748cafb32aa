"""`playbooks show`: one playbook, to be followed step by step."""

# ruff: noqa: ARG002 - signatures are those of click

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.app.json_output import json_option, show_json
from cli.playbooks.pages import names, playbook, rendered
from cli.terminal.console import is_terminal, out, speaks_unicode, wants_colour, width

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class PlaybookName(click.ParamType[str]):
    """The name of a playbook."""

    name = "playbook"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names that begin so, with their titles."""
        from click.shell_completion import CompletionItem

        return [
            CompletionItem(name, help=playbook(name).title) for name in names() if name.startswith(incomplete)
        ]


@click.command(epilog="Example: cronledger playbooks show cli_jobs")
@click.argument("name", type=PlaybookName(), metavar="NAME")
@click.option("--raw", is_flag=True, help="As it is written: Markdown.")
@json_option
def show(name: str, raw: bool, as_json: bool) -> None:
    """Show a playbook: what to look at, what to type, and what the answers mean.

    At a terminal it is laid out; in a pipe it is plain text.
    """
    if raw and as_json:
        raise click.UsageError("--raw and --json exclude each other")
    page = playbook(name)
    if as_json:
        show_json({"name": page.name, "title": page.title, "summary": page.summary, "markdown": page.text})
        return
    if raw:
        out(page.text.rstrip("\n"))
        return
    unicode = speaks_unicode(sys.stdout)
    out(rendered(page, width() if is_terminal() else None, colour=wants_colour(), unicode=unicode))
