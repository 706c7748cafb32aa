"""`cronledger completion`: completion of commands, options, jobs and zones in the shell."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cli.app.failures import Failure
from cli.terminal.console import out

_INSTALL = {
    "bash": [
        "# For bash (4.4 or later); once:",
        "#   cronledger completion bash > ~/.local/share/bash-completion/completions/cronledger",
        "# or, for this shell alone: eval \"$(cronledger completion bash)\"",
    ],
    "zsh": [
        "# For zsh; add to ~/.zshrc, after compinit:",
        "#   eval \"$(cronledger completion zsh)\"",
        "# or once, into a folder of $fpath: cronledger completion zsh > ~/.zfunc/_cronledger",
    ],
    "fish": [
        "# For fish; once:",
        "#   cronledger completion fish > ~/.config/fish/completions/cronledger.fish",
    ],
}  # fmt: skip


@click.command(
    epilog="Example: cronledger completion bash > ~/.local/share/bash-completion/completions/cronledger"
)
@click.argument("shell", type=click.Choice(list(_INSTALL)), required=False)
def completion(shell: str | None) -> None:
    """Print the completion script for SHELL (yours, if none is named), with how to install it.

    It completes commands, options, the names of the home's jobs, and time zones.
    """
    from click.shell_completion import get_completion_class

    from cli.main import COMPLETE_VARIABLE, cronledger

    name = shell or Path(os.environ.get("SHELL", "")).name
    if name not in _INSTALL:
        raise Failure("which shell?", f"Name it: cronledger completion {'|'.join(_INSTALL)}")
    kind = get_completion_class(name)
    assert kind is not None, "click knows these shells"
    script = _mended(kind(cronledger, {}, "cronledger", COMPLETE_VARIABLE).source())
    head, _, rest = script.strip().partition("\n")
    if head.startswith("#compdef"):  # zsh finds it only in a file's first line
        out("\n".join([head, *_INSTALL[name], rest]))
    else:
        out("\n".join([*_INSTALL[name], head, rest]))


_MENDED = {
    # Of fish, which would end our lines of help at their first comma.
    '(string split "," $completion)': '(string split --max 1 "," $completion)',
    # Of zsh, which runs a file in $fpath anew each time, and only the first time as "loadautofunc".
    "[[ $zsh_eval_context[-1] == loadautofunc ]]": '[[ "${funcstack[1]}" == _cronledger ]]',
}


def _mended(script: str) -> str:
    for found, better in _MENDED.items():
        script = script.replace(found, better)
    return script
