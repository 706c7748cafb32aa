"""All manual pages: one a command and one a group, without the groups that are a longer path to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from cli.app.lazy_group import LazyGroup
from cli.manual.page import page, page_name

LONGER_PATHS = ("infra", "core")
"""Groups whose commands have their pages elsewhere."""


def page_of(root: click.Command, path: Sequence[str]) -> str | None:
    """The page of one command.

    Args:
        root: `cronledger` itself.
        path: the words behind `cronledger`; none for the first page.

    Returns:
        None if there is no such command.
    """
    words = path[1:] if path[:1] and path[0] in LONGER_PATHS else path
    ctx = _top(root)
    for word in words:
        group = ctx.command
        command = group.get_command(ctx, word) if isinstance(group, click.Group) else None
        if command is None:
            return None
        ctx = click.Context(command, info_name=word, parent=ctx)
    return _rendered(ctx)


def all_pages(root: click.Command) -> dict[str, str]:
    """Each page by its file's name, such as `cronledger-jobs-run.1`.

    Args:
        root: `cronledger` itself.
    """
    ctx = _top(root)
    return {f"{page_name(each)}.1": _rendered(each) for each in _walk(ctx)}


def write_pages(root: click.Command, folder: Path) -> list[Path]:
    """Write all pages into a folder that is there, and say which files these are.

    Raises:
        OSError: one cannot be written.
    """
    written = []
    for name, content in all_pages(root).items():
        path = folder / name
        path.write_text(content, encoding="ascii")
        written.append(path)
    return written


def _top(root: click.Command) -> click.Context:
    return click.Context(root, info_name="cronledger", **root.context_settings)


def _walk(ctx: click.Context) -> Iterator[click.Context]:
    yield ctx
    for name, command in _below(ctx):
        yield from _walk(click.Context(command, info_name=name, parent=ctx))


def _below(ctx: click.Context) -> Iterator[tuple[str, click.Command]]:
    group = ctx.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is not None and not command.hidden and not (ctx.parent is None and name in LONGER_PATHS):
            yield name, command


def _rendered(ctx: click.Context) -> str:
    inner = [f"{page_name(ctx)}-{name}" for name, _ in _below(ctx)]
    return page(ctx, _one_line(ctx), inner)


def _one_line(ctx: click.Context) -> str:
    """What the command does, as the group above lists it; of the first page, what the whole is."""
    above = ctx.parent.command if ctx.parent is not None else None
    if isinstance(above, LazyGroup):
        return dict(above.lines())[ctx.info_name or ""].rstrip(".")
    return ctx.command.get_short_help_str(100).rstrip(".")
