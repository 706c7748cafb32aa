from __future__ import annotations

import pytest

from tests.scheduler.configuration.reading import read, refused, the_mistake

JOB = "jobs:\n  a:\n    command: x\n"


@pytest.mark.parametrize(("text", "line", "column", "part", "suggestion"), [
    (JOB + "    schedule: */5 * * * *\n", 4, 15, "begins with * must be in quotes", '"*/5 * * * *"'),
    (JOB + "    schedule: * * * * *  # often\n", 4, 15, "begins with * must be in quotes", '"* * * * *"'),
    (JOB + "    schedule: @daily\n", 4, 15, "begins with @ must be in quotes", '"@daily"'),
    (JOB + "    description: say: hi\n", 4, 18, "this value holds ': '", '"say: hi"'),
    (JOB + '    description: say: "hi"\n', 4, 18, "this value holds ': '", "'say: \"hi\"'"),
    (JOB + "    description: %x\n", 4, 18, "begins with % must be in quotes", '"%x"'),
    (JOB + "    env: {A: `x`}\n", 4, 14, "begins with ` must be in quotes", ""),
    (JOB + '    description: "open\n', 4, 18, "this quote is never closed", ""),
    (JOB + "    command: [a, b\n", 4, 14, "this [ is never closed", ""),
    (JOB + "    env: {A: b\n", 4, 10, "this { is never closed", ""),
    (JOB + "\ttimeout: 5m\n", 4, 1, "a tab stands here", ""),
    (JOB + "   timeout: 5m\n", 4, 4, "block that begins in line 2", ""),
    (JOB + "      timeout: 5m\n", 4, 14, "indented more than the line above", ""),
    (JOB + "    description: 'x' y\n", 4, 22, "nothing follows a closing quote", ""),
    (JOB + '    description: "\\q"\n', 4, 19, "a backslash begins an escape", ""),
    (JOB + "    command: - x\n", 4, 14, "a list does not begin on the line of its key", ""),
    (JOB + "    description: |x\n      y\n", 4, 19, "after | or > the text begins on the next line", ""),
    (JOB + "    description: |\n\tx\n", 5, 1, "a tab stands here", ""),
    (JOB + "    description: }\n", 4, 18, "begins with a character that needs quotes", ""),
    (JOB + "...\nfoo: b\n", 5, 1, "one document", ""),
    (JOB + "    schedul", 4, 5, "a key and its colon are missing here", ""),
    (JOB + "    timeout 5m\n    every: 5m\n", 4, 5, "a key and its colon are missing here", ""),
    ("[", 1, 2, "a comma, a colon or the closing bracket is missing", ""),
    ("- a\nb: c\n", 2, 1, "each of its items begins with '- '", ""),
    ("jobs: {a: &a [*a]}\n", 1, 15, "stands inside what it refers to", ""),
    ("%YAML 1.2\n---\njobs: {}\n", 1, 1, "cannot begin with %", ""),
    ("# x\n%TAG ! x\n---\njobs: {}\n", 2, 1, "cannot begin with %", ""),
    ("[" * 100_000, 1, 14, "nests deeper than 12 levels", ""),
    ("{" * 100_000, 1, 14, "nests deeper than 12 levels", ""),
    ("# é\njobs: {a: {b:\n " + "[" * 5_000, 3, 12, "nests deeper than 12 levels", ""),
    ("x: '" + "[" * 5_000, 1, 4, "this quote is never closed", ""),
    ("- " * 100_000, 1, 27, "nests deeper than 12 levels", ""),
    (b"\xff\xfej\x00", 1, 1, "encoded as UTF-16", ""),
    (b"jobs:\n  a: \xc3\xa9\xe9\n", 2, 7, "byte 0xe9 is not UTF-8", ""),
    (b"jobs:\n  a: \x07\n", 2, 6, "cannot be seen and does not belong in a config (U+0007)", ""),
    ("jobs:\n  a: \u2028\n", 2, 6, "U+2028", ""),
    ("jobs:\n  a: \ufeff\n", 2, 6, "U+FEFF", ""),
    ("jobs:\r  a: b\n", 1, 6, "a carriage return without a line feed", ""),
    (b"x" * (16 * 1024 * 1024 + 1), 1, 1, "larger than 16 MiB", ""),
])  # fmt: skip
def test_broken_yaml_is_explained(
    text: str | bytes, line: int, column: int, part: str, suggestion: str
) -> None:
    """What is no YAML, or no text, is refused where it goes wrong, in words about the file and not the parser."""
    error = the_mistake(text)
    assert (error.line, error.column) == (line, column)
    assert part in error.message
    assert error.suggestion == suggestion


@pytest.mark.parametrize(("text", "column", "part"), [
    ("jobs: {a: {command: x, every: 5m, description: !x y}}", 48, "tags are not supported"),
    ("jobs: {a: {command: x, every: 5m, description: !!python/object:os.system y}}", 48, "tags are not supported"),
    ("jobs: {a: {command: x, every: 5m, <<: b}}", 39, "<< takes the alias of a mapping"),
])  # fmt: skip
def test_unsupported_yaml_is_refused(text: str, column: int, part: str) -> None:
    """Tags, and merges of anything but a mapping, are refused where they stand."""
    error = the_mistake(text)
    assert (error.line, error.column) == (1, column)
    assert part in error.message


def test_alias_without_anchor() -> None:
    """An alias to nothing is refused, with the hint that text beginning with * needs quotes."""
    errors = refused("jobs: {a: {command: x, schedule: *daily}}")
    assert "text that begins with * must be in quotes" in errors[0].message


def test_second_document() -> None:
    """A config is one document."""
    error = the_mistake("jobs: {}\n---\njobs: {}\n")
    assert (error.line, "second document" in error.message) == (2, True)


def test_a_bomb_of_aliases_is_refused() -> None:
    """Aliases that multiply to billions of values are stopped by counting, without making the values."""
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    errors = refused("\n".join(["l0: &l0 [x, x]", *levels]))
    assert "holds more than 1,000,000 values" in errors[-1].message


def test_merging_a_large_environment_into_many_jobs_is_bounded() -> None:
    """Aliases count as often as they are used."""
    env = ", ".join(f"V{n}: x" for n in range(1000))
    jobs = "".join(f"  j{n}: {{command: x, every: 5m, env: {{<<: *e}}}}\n" for n in range(999))
    errors = refused(f"jobs:\n  a: {{command: x, every: 5m, env: &e {{{env}}}}}\n{jobs}")
    assert "holds more than 1,000,000 values" in errors[-1].message


def test_nothing_is_constructed_from_the_text() -> None:
    """Numbers, dates and booleans stay the text that was written until a key says what it wants."""
    config = read("jobs: {a: {command: [x, 0o17, .inf, 2001-12-14], every: 5m}}")
    assert config.jobs["a"].definition.command == ["x", "0o17", ".inf", "2001-12-14"]
