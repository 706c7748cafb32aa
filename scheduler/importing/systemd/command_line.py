r"""Command lines of services: words as systemd splits them, specifiers and variables, as the config takes them.

Source: systemd.service(5), on command lines; systemd.unit(5), on specifiers; systemd.syntax(7), on quotes. A word is
quoted as in a shell, with the escapes of C; a `;` alone divides commands. `$NAME` as a word of its own and `${NAME}`
anywhere are replaced by variables, `$$` is a dollar sign. There is no shell, unless a variable or a second command
asks for one here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from scheduler.command import needs_shell

_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'",
    "s": " ",
}  # fmt: skip
_HEX = {"x": 2, "u": 4, "U": 8}
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\$")
_ALONE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_PREFIXES = "@-:+!|"


class BadLine(Exception):
    """A command line cannot be carried over; the message says why."""


class ServiceCommand(NamedTuple):
    """A command of a service.

    Attributes:
        words: program and arguments.
        ignores_failure: with `-` in front.
        expands: whether variables are replaced; not with `:` in front.
        privileged: with `+` or `!` in front, which ask for more rights than the service has.
    """

    words: list[str]
    ignores_failure: bool = False
    expands: bool = True
    privileged: bool = False


def split_words(text: str) -> list[str]:
    r"""The words of a text; a `;` that stood alone and without quotes comes as `;`, an escaped one as `\;`.

    Raises:
        BadLine: a quote does not end, or an escape is none.
    """
    words: list[str] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word, begin, quote = [], at, ""
        while at < len(text) and (quote or not text[at].isspace()):
            character = text[at]
            if character == "\\" and text[at : at + 2] != "\\;":
                escaped, at = _escaped(text, at)
                word.append(escaped)
                continue
            if quote and character == quote:
                quote = ""
            elif not quote and character in "'\"":
                quote = character
            else:
                word.append(character)
            at += 1
        if quote:
            raise BadLine(f"a quote does not end in {text[:200]!r}")
        words.append("".join(word) if text[begin:at] != '";"' else '";"')
    return words


def _escaped(text: str, at: int) -> tuple[str, int]:
    """What an escape stands for, and where the text goes on."""
    kind = text[at + 1 : at + 2]
    if kind in _ESCAPES:
        return _ESCAPES[kind], at + 2
    if kind in _HEX:
        digits = text[at + 2 : at + 2 + _HEX[kind]]
        if re.fullmatch(f"[0-9A-Fa-f]{{{_HEX[kind]}}}", digits) and _is_character(int(digits, 16)):
            return chr(int(digits, 16)), at + 2 + _HEX[kind]
    octal = re.match(r"[0-3][0-7]{2}", text[at + 1 : at + 4])
    if octal is not None and octal[0] != "000":
        return chr(int(octal[0], 8)), at + 4
    raise BadLine(f"there is no escape {text[at : at + 4]!r}")


def _is_character(number: int) -> bool:
    """Whether text can hold it: not NUL, and no half of a pair of UTF-16."""
    return 0 < number < 0xD800 or 0xE000 <= number < 0x110000


def resolved(text: str, specifiers: Mapping[str, str]) -> str:
    """A text with its specifiers (`%n` and the like) replaced.

    Raises:
        BadLine: it has one whose value is not known here.
    """

    def value(found: re.Match[str]) -> str:
        letter = found[1]
        if letter == "%":
            return "%"
        if letter not in specifiers:
            raise BadLine(f"what systemd puts in place of %{letter} is not known here")
        return specifiers[letter]

    return re.sub(r"%(.?)", value, text, flags=re.DOTALL)


def read_commands(text: str, specifiers: Mapping[str, str]) -> list[ServiceCommand]:
    """The commands of one `ExecStart=` or the like.

    Raises:
        BadLine: they cannot be read, or not be carried over.
    """
    groups: list[list[str]] = [[]]
    for word in split_words(text):
        if word == ";":
            groups.append([])
        else:
            groups[-1].append(";" if word in ("\\;", '";"') else word)
    return [_command(group, specifiers) for group in groups if group]


def _command(words: list[str], specifiers: Mapping[str, str]) -> ServiceCommand:
    program = words[0].lstrip(_PREFIXES)
    prefixes = words[0][: len(words[0]) - len(program)]
    if not program:
        raise BadLine("it names no program")
    if "|" in prefixes:
        raise BadLine("| in front asks for the user's shell")
    rest = words[1:]
    if "@" in prefixes:
        rest = rest[1:]
    return ServiceCommand(
        [resolved(word, specifiers) for word in [program, *rest]],
        "-" in prefixes,
        ":" not in prefixes,
        "+" in prefixes or "!" in prefixes,
    )


def configured(commands: list[ServiceCommand]) -> str | list[str]:
    """One command of the config that runs commands one after another, as long as they succeed."""
    if len(commands) == 1 and not commands[0].ignores_failure:
        words = _literal(commands[0])
        if words is not None:
            return words if needs_shell(shlex.join(words)) else shlex.join(words)
    return " && ".join(_for_shell(command, alone=len(commands) == 1) for command in commands)


def _literal(command: ServiceCommand) -> list[str] | None:
    """Its words, if none of them has a variable; None else."""
    if not command.expands:
        return command.words
    if any(_ALONE.fullmatch(word) or _has_variable(word) for word in command.words[1:]):
        return None
    return [command.words[0], *(word.replace("$$", "$") for word in command.words[1:])]


def _has_variable(word: str) -> bool:
    return any(found[1] for found in _VARIABLE.finditer(word))


def _for_shell(command: ServiceCommand, *, alone: bool) -> str:
    """A command as a shell reads it; one that may fail succeeds."""
    line = " ".join(
        shlex.quote(word) if at == 0 or not command.expands else _word_for_shell(word)
        for at, word in enumerate(command.words)
    )
    if command.ignores_failure:
        return f"{line} || true" if alone else f"{{ {line} || true; }}"
    return line


def _word_for_shell(word: str) -> str:
    if _ALONE.fullmatch(word):
        return word
    parts, at = [], 0
    for found in _VARIABLE.finditer(word):
        if found.start() > at:
            parts.append(shlex.quote(word[at : found.start()]))
        parts.append(f'"${{{found[1]}}}"' if found[1] else "'$'")
        at = found.end()
    if at < len(word) or not parts:
        parts.append(shlex.quote(word[at:]))
    return "".join(parts)
