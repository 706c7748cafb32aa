"""YAML's own complaints, reworded for a person who thinks of jobs and not of tokens."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import yaml

# Mistakes are recorded: only of these keys a suggestion may repeat the value, which is never a secret.
_PUBLIC_KEYS = {"schedule", "every", "at", "description", "command", "pattern"}


class SyntaxMistake(NamedTuple):
    """Where the text stops being YAML (line and column count from 1), why, and what to write instead."""

    line: int
    column: int
    message: str
    suggestion: str = ""


def reword(error: yaml.YAMLError, text: str) -> SyntaxMistake:
    """What a parser error means for the person who wrote `text`."""
    mark: Any = getattr(error, "problem_mark", None)
    if mark is None:
        return SyntaxMistake(1, 1, f"this is not YAML: {getattr(error, 'reason', 'it cannot be parsed')}")
    problem: str = getattr(error, "problem", None) or "it cannot be parsed"
    context: str = getattr(error, "context", None) or ""
    begin: Any = getattr(error, "context_mark", None) or mark
    lines = text.split("\n")
    return _meaning(problem, context, lines, (mark.line, mark.column), (begin.line, begin.column))


def _meaning(
    problem: str, context: str, lines: list[str], here: tuple[int, int], begin: tuple[int, int]
) -> SyntaxMistake:
    """The same from the parser's words and places, which count from 0 and may lie behind the last line."""
    source = lines[here[0]] if here[0] < len(lines) else ""
    at, begin_at = (here[0] + 1, here[1] + 1), (begin[0] + 1, begin[1] + 1)
    if problem == "found character that cannot start any token":
        return SyntaxMistake(*at, *_cannot_begin(source, here[1]))
    if context in ("while scanning an alias", "while scanning an anchor"):
        return SyntaxMistake(*begin_at, *_cannot_begin(lines[begin[0]], begin[1]))
    if problem.startswith("mapping values are not allowed"):
        return _second_colon(source, at)
    if "quoted scalar" in context and "end of stream" in problem:
        return SyntaxMistake(*begin_at, "this quote is never closed")
    if problem == "could not find expected ':'":
        return SyntaxMistake(
            *begin_at, "a key and its colon are missing here: each line of a block is `key: value`"
        )
    if context.startswith("while parsing a flow"):
        return _open_bracket(lines, at, begin)
    for part, message in _MEANINGS.items():
        if part in problem:
            return SyntaxMistake(*at, message.format(begin=begin_at[0]))
    return SyntaxMistake(*at, f"this is not YAML: {problem}" + (f" {context}" if context else ""))


_MEANINGS = {
    "did not find expected key": (
        "this does not go on with the block that begins in line {begin}: the keys of a block stand in one"
        " column, and nothing follows a closing quote"
    ),
    "expected '-' indicator": (
        "this does not go on with the list that begins in line {begin}: each of its items begins with '- '"
    ),
    "unknown escape character": (
        "inside double quotes a backslash begins an escape such as \\n: write it twice, or use single quotes"
    ),
    "found a tab character": "a tab stands here where spaces indent: YAML indents with spaces only",
    "block sequence entries are not allowed": (
        "a list does not begin on the line of its key: write each '- item' on a line of its own, or [a, b]"
    ),
    "expected <document start>": (
        "the document has ended before this: a config is one document, without ---"
    ),
    "expected comment or line break": (
        "after | or > the text begins on the next line; quote the value if it is text"
    ),
    "did not find expected node content": (
        "a value is missing here, or it begins with a character that needs quotes"
    ),
}


def _cannot_begin(source: str, column: int) -> tuple[str, str]:
    """Message and suggestion for a value that begins with a character that YAML keeps for itself."""
    character = source[column : column + 1]
    if character == "\t":
        return "a tab stands here where spaces indent: YAML indents with spaces only", ""
    return f"a value that begins with {character} must be in quotes", _quoted(source, column)


def _second_colon(source: str, here: tuple[int, int]) -> SyntaxMistake:
    """A colon where no key can be: inside an unquoted value, or after wrong indentation."""
    column = here[1] - 1
    found = re.match(r"\s*(?:- +)?[^\s:\"'][^:]*:[ \t]+(?=\S)", source[:column])
    if found is None:
        return SyntaxMistake(
            *here,
            "a key cannot stand here: it is indented more than the line above, or that line lacks its colon",
        )
    message = "this value holds ': ', which begins a mapping: put the value in quotes"
    return SyntaxMistake(here[0], found.end() + 1, message, _quoted(source, found.end()))


def _quoted(source: str, column: int) -> str:
    """The value that begins at `column`, in quotes; nothing for a key whose value may be secret.

    Mistakes are recorded in the ledger, and the value of an environment variable must not come along.
    """
    key = re.match(r"[\s{-]*(\w+):[ \t]+", source[:column])
    if key is None or key[1] not in _PUBLIC_KEYS:
        return ""
    value = re.sub(r"\s+#.*", "", source[column:]).strip()
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


def _open_bracket(lines: list[str], at: tuple[int, int], begin: tuple[int, int]) -> SyntaxMistake:
    """A list or mapping in brackets that does not end, or holds what it cannot."""
    line = lines[begin[0]] if begin[0] < len(lines) else ""
    bracket = line[begin[1] : begin[1] + 1]
    wanted = {"[": "]", "{": "}"}.get(bracket)
    where = "the end of the file" if at[0] > len(lines) else f"line {at[0]}, column {at[1]}"
    if wanted is None:
        return SyntaxMistake(
            *at, "inside brackets a comma, a colon or the closing bracket is missing before this"
        )
    return SyntaxMistake(
        begin[0] + 1,
        begin[1] + 1,
        f"this {bracket} is never closed: {wanted} or a comma is missing before {where}",
    )
