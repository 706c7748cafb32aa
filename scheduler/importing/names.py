"""Names for jobs that had none: legal, unique, and told by what runs."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable

from scheduler.configuration.job_kinds.builtin_jobs import REGISTERED

NAME_MAX_CHARS = 64
_WORD = re.compile(r"""(?:[^\s;&|()<>'"`{}]|'[^']*'|"[^"]*")+|[;&|(){}]+""")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_SKIPPED = frozenset(
    {
        "test", "[", "[[", "cd", "set", "unset", "exit", "export", ".", "source", "umask", "sleep", "true", ":", "(",
    }
)  # fmt: skip
"""What stands in front of a program and says nothing of it."""
_WRAPPERS = frozenset("sudo nice ionice nohup setsid env exec time timeout flock chronic command".split())  # noqa: SIM905
_INTERPRETERS = re.compile(r"(?:python|perl|ruby|php|node|bash|sh|dash|zsh|ksh|Rscript|java)[0-9.]*")
_EXTENSIONS = re.compile(r"\.(?:sh|bash|py|pl|rb|php|js|jar|R|cgi)$")
_END = re.compile(r"[;&|()]+")


class JobNames:
    """Gives each job a name that no other one has.

    Args:
        taken: names that are given away already, beside those of the jobs that every config may have.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in (*REGISTERED, *taken)}
        self._given: dict[str, int] = {}

    def unique(self, wanted: str, line: int) -> str:
        """A name that begins as `wanted` does, or else is told by the line."""
        base = tidied(wanted) or f"line-{line}"
        name, number = base, self._given.get(base, 1)
        while name.casefold() in self._taken:
            number += 1
            suffix = f"-{number}"
            name = base[: NAME_MAX_CHARS - len(suffix)] + suffix
        self._taken.add(name.casefold())
        self._given[base] = number
        return name


def tidied(text: str) -> str:
    """The nearest text that can be the name of a job; empty if there is none."""
    plain = unicodedata.normalize("NFKD", text[: 4 * NAME_MAX_CHARS])
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).lstrip(".-")[:NAME_MAX_CHARS].rstrip("-.")


def told_by(command: str) -> str:
    """What a command line is called: by its program, or by the script or folder that the program is given."""
    words = [word.strip("'\"") for word in _WORD.findall(command[:2_000])]
    at = next((number for number, word in enumerate(words) if posixpath.basename(word) == "run-parts"), None)
    if at is not None:
        folder = next((word for word in words[at + 1 :] if not word.startswith("-")), "")
        return posixpath.basename(folder.rstrip("/")) or "run-parts"
    found = _program(words)
    return _EXTENSIONS.sub("", posixpath.basename(found.rstrip("/")))


def _program(words: list[str]) -> str:
    """The word that says most: the first program that is no wrapper, or what an interpreter is given."""
    at, first, wrapper = 0, "", ""
    while at < len(words):
        word = words[at]
        name = posixpath.basename(word)
        if _ASSIGNMENT.match(word) or _END.fullmatch(word) or name in ("{", "}", "then", "!", "if"):
            at += 1
        elif name in _WRAPPERS:
            at, wrapper = _behind_wrapper(words, at), wrapper or word
        elif name in _SKIPPED:
            while at < len(words) and not _END.fullmatch(words[at]):
                at += 1
        elif _INTERPRETERS.fullmatch(name):
            return _script(words, at) or name
        else:
            first = word
            break
    return first or wrapper or (words[0] if words else "")


def _behind_wrapper(words: list[str], at: int) -> int:
    """The place of the first word that is no option, number or lock file of a wrapper such as `flock -n x.lock`."""
    wrapper = posixpath.basename(words[at])
    at += 1
    while at < len(words) and (words[at].startswith("-") or re.fullmatch(r"[0-9.]+[smhd]?", words[at])):
        at += 2 if wrapper == "sudo" and words[at] in ("-u", "-g") else 1
    if wrapper == "flock" and at < len(words) and "/" in words[at]:
        at += 1
        while at < len(words) and words[at].startswith("-"):
            at += 1
    return at


def _script(words: list[str], at: int) -> str:
    """What an interpreter runs; empty if that cannot be told."""
    for number, word in enumerate(words[at + 1 :], start=at + 1):
        if _END.fullmatch(word):
            return ""
        if word in ("-m", "-jar") and number + 1 < len(words):
            return words[number + 1]
        if word in ("-c", "-e"):
            return ""
        if not word.startswith("-"):
            return word
    return ""
