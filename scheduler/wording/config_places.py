"""Where in a config something stands, in words."""

from __future__ import annotations

from scheduler.entry_members import ConfigError


def line_words(error: ConfigError) -> str:
    """The line of a mistake: `line 3`, `config.d/backup.yaml, line 3`."""
    return f"{error.file}, line {error.line}" if error.file else f"line {error.line}"


def place_words(error: ConfigError) -> str:
    """The place of a mistake: `line 3, column 5`, `config.d/backup.yaml, line 3, column 5`."""
    return f"{line_words(error)}, column {error.column}"
