r"""What is executed for a job: whether its command needs a shell, its arguments, and their digest.

A command in one string runs directly if it is plain words: then no shell stands between it and its signals,
and it starts sooner. It goes through `/bin/sh -c` as soon as a shell might read it otherwise than word by
word. Words are split as POSIX shells do (XCU 2.3): at blanks, except inside quotes. Double quotes count as
plain only when nothing inside them could be expanded (no `$`, backquote, backslash or `!`).

A command in a list is never given to a shell.
"""

from __future__ import annotations

import hashlib
import re
import shlex

import msgspec

from scheduler.definition import JobDefinition

SHELL = "/bin/sh"

# Possessive quantifiers: a command that does not fit is found out in one pass.
_WORD = r"""(?:[A-Za-z0-9_@%+:,./=-]++|'[^'\n]*+'|"[^"$`\\!\n]*+")++"""
_PLAIN = re.compile(rf"[ \t]*+{_WORD}(?:[ \t]++{_WORD})*+[ \t]*+")
_PROGRAM = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_@+:,./-]*")
# What only a shell can do: reserved words (POSIX XCU 2.4, with those of bash), special built-ins (2.15),
# and the built-ins that change or show the shell itself. `echo`, `test`, `true`, `kill` and the like are
# programs too.
_ONLY_SHELL = frozenset(
    """
    if then else elif fi do done case esac while until for in function select time coproc
    . : break continue eval exec exit export readonly return set shift times trap unset source
    alias bg cd command fc fg getopts hash jobs local read type ulimit umask unalias wait
    builtin declare dirs disown enable help history let logout mapfile popd pushd readarray shopt suspend
    typeset
    """.split()  # noqa: SIM905 -- a word list reads as words
)


def needs_shell(command: str) -> bool:
    """Whether a command in one string must be given to a shell; when in doubt it is."""
    if _PLAIN.fullmatch(command) is None:
        return True
    first = command.split(None, 1)[0]
    return _PROGRAM.fullmatch(first) is None or first in _ONLY_SHELL


def command_argv(definition: JobDefinition) -> list[str]:
    """Program and arguments of a job's command.

    Raises:
        ValueError: The job has no command: it is a registered one, or one in Python.
    """
    command = definition.command
    if command is None:
        raise ValueError(f"job {definition.name} has no command: it is a registered one, or one in Python")
    if isinstance(command, list):
        return list(command)
    return [SHELL, "-c", command] if definition.shell else shlex.split(command)


def command_digest(definition: JobDefinition) -> str:
    """SHA-256 (hex) of what is executed: of the arguments as a JSON list, or of the name of what has no command."""
    executed: object
    if definition.python is not None:
        executed = {"python": definition.python}
    else:
        executed = {"registered": definition.name} if definition.command is None else command_argv(definition)
    return hashlib.sha256(msgspec.json.encode(executed)).hexdigest()
