"""A config that a person named to a command, which does not stand in the home yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.app.failures import Failure
from cli.app.input_file import STANDARD_INPUT, given_bytes
from cli.terminal.console import note
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.planning.candidate import Candidate

Command = TypeVar("Command", bound=Callable[..., Any])

_ENDING = ".yaml"


def named_config_options(command: Command) -> Command:
    """Give a command the argument FILE and `--into`, for `named_config`."""
    command = click.option(
        "--into", "part", metavar="NAME", help="FILE stands in place of NAME.yaml in config.d."
    )(command)
    return click.argument("file", metavar="[FILE]", required=False)(command)


def part_called(name: str) -> str:
    """What a part of the config is called, `config.d/NAME.yaml`; the ending may be typed or not.

    Raises:
        Failure: no part can have that name.
    """
    from scheduler.configuration.files.part_names import FOLDER, is_part_path

    called = f"{FOLDER}/{name.removesuffix(_ENDING)}{_ENDING}"
    if not is_part_path(called):
        raise Failure(
            f"{printable(name)!r} is no name for a part of the config",
            "Letters, digits, '.', '_' and '-' make one; the file gets the ending .yaml by itself.",
        )
    return called


def named_config(home: Home, file: str | None, part: str | None) -> Candidate | None:
    """The config in a file, or on standard input (`-`), to be read as if it stood in the home.

    A file of the home's `config.d` stands for itself.

    Args:
        home: the home.
        file: what was typed; None: nothing was, and the config is the home's.
        part: the name of the part in whose place it stands, as typed; None: it stands in that of `config.yaml`.

    Raises:
        click.UsageError: there is a part and no file.
        Failure: the file cannot be read, or no part can have that name.
    """
    from scheduler.configuration.files.joined import FILES_BYTES_MAX
    from scheduler.planning.candidate import Candidate

    if file is None:
        if part is not None:
            raise click.UsageError("--into says in whose place FILE stands, and no FILE is named")
        return None
    called = _own_part(home, file) if part is None else part_called(part)
    if part is None and not called:
        _tell_of_part(home, file)
    path = Path("<stdin>" if file == STANDARD_INPUT else file)
    return Candidate(given_bytes(file, "a config", FILES_BYTES_MAX), path, called)


def _own_part(home: Home, file: str) -> str:
    """What the file is called among the parts of the home's config; empty if it is none of them."""
    from scheduler.configuration.files.part_names import FOLDER, folder_of, is_part_path

    path = Path(file).absolute()
    called = f"{FOLDER}/{path.name}"
    is_own = path.parent.resolve() == folder_of(home.config).absolute().resolve()
    return called if is_own and is_part_path(called) else ""


def _tell_of_part(home: Home, file: str) -> None:
    """A file that is called like a part was probably meant to stand in that one's place."""
    from scheduler.configuration.files.part_names import folder_of, is_part

    name = Path(file).name
    if is_part(name) and (folder_of(home.config) / name).exists():
        note(
            f"{printable(file)} is taken for the whole config.yaml. config.d has a {printable(name)} too: "
            f"with `--into {printable(name.removesuffix(_ENDING))}` it stands in place of that."
        )
