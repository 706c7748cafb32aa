"""`cronledger man`: the manual pages, which are made of the commands."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click

from cli.app.failures import ExitCode, Failure
from cli.terminal.console import out

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(epilog="Example: cronledger man jobs run")
@click.argument("command", nargs=-1)
@click.option("--roff", is_flag=True, help="Print the page as it is written, for other programs than man.")
@click.option(
    "--write",
    "folder",
    type=_FOLDER,
    help="Write all pages into DIRECTORY/man1, as ~/.local/share/man; show none.",
)
def man(command: tuple[str, ...], roff: bool, folder: Path | None) -> None:
    """Show the manual page of a command, as `man` does: cronledger man jobs run.

    Without a command, the page of cronledger itself. Where pages were installed, `man cronledger-jobs-run` shows the
    same.

    Exit code 1 if a page cannot be written.
    """
    from cli.main import cronledger
    from cli.manual.pages import page_of, write_pages

    if folder is not None:
        if command:
            raise Failure("--write writes all pages", "Name no command with it.")
        try:
            (folder / "man1").mkdir(parents=True, exist_ok=True)
            written = write_pages(cronledger, folder / "man1")
        except OSError as problem:
            raise Failure(f"{problem.filename}: {problem.strerror}", exit_code=ExitCode.FAILED) from problem
        out(f"Wrote {len(written)} pages into {folder / 'man1'}")
        return
    page = page_of(cronledger, command)
    if page is None:
        raise Failure(f"there is no command {' '.join(command)!r}", "`cronledger --help` lists all.")
    if roff:
        out(page.rstrip("\n"))
    else:
        _show(page, command)


def _show(page: str, command: tuple[str, ...]) -> None:
    """Give the page to `man`, which finds out by itself whether there is a terminal to turn pages on."""
    program = shutil.which("man")
    if program is None:
        help_ = " ".join(["cronledger", *command, "--help"])
        raise Failure(
            "this machine has no `man` to show the page", f"`{help_}` says the same; --roff prints it."
        )
    # Nothing of ours is left to do; Ctrl-C and the pager are man's affair.
    shown = subprocess.run([program, "--local-file", "-"], input=page.encode("ascii"), check=False)
    if shown.returncode:
        raise Failure(f"man left with exit code {shown.returncode}", exit_code=ExitCode.FAILED)
