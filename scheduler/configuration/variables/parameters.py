"""Parameters of jobs: what their values may be, and how a command gets them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from scheduler.configuration.variables import secret_values
from scheduler.definition import JobDefinition, Parameter, ParameterType, Secret

VARIABLE_PREFIX: Final = "CRONLEDGER_PARAM_"
PARAMETERS_MAX: Final = 32
"""So many a job may have: their values stand together in one entry of the ledger."""
VALUE_BYTES_MAX: Final = 1_000
"""So long a value may be as it is recorded, where what is not ASCII is escaped."""

_PATTERNS: Final[dict[ParameterType, str]] = {
    "integer": r"-?(0|[1-9][0-9]*)",
    "number": r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?",
}
_BOOLEANS: Final = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}
_WANTED: Final[dict[ParameterType, str]] = {
    "text": "text",
    "integer": "a whole number in plain decimal digits",
    "number": "a number in decimal digits",
    "boolean": "true or false",
}


def variable(name: str) -> str:
    """The environment variable in which a command gets the parameter: `CRONLEDGER_PARAM_REGION`."""
    return VARIABLE_PREFIX + name.upper().replace("-", "_")


def checked(value: str, parameter_type: ParameterType) -> str:
    """A value as it is recorded and as commands get it.

    Raises:
        ValueError: it is none of this type, or longer than can be recorded; the message says what is wanted.
    """
    found: str | None = value
    if parameter_type == "boolean":
        found = _BOOLEANS.get(value.lower())
    elif parameter_type != "text" and re.fullmatch(_PATTERNS[parameter_type], value) is None:
        found = None
    if found is None:
        raise ValueError(f"this takes {_WANTED[parameter_type]}, not {value!r}")
    if "\0" in found:
        raise ValueError("this holds a NUL character, which no program can be given")
    raw = found.encode("utf-8", "surrogatepass")
    if len(raw) + 5 * sum(byte >= 0x80 or byte < 0x20 for byte in raw) > VALUE_BYTES_MAX:
        raise ValueError(
            f"this is longer than {VALUE_BYTES_MAX:,} bytes: put it into a file, and give its path"
        )
    return found


def type_of(value: str) -> ParameterType:
    """The type that a value has which is written without quotes."""
    if value.lower() in _BOOLEANS:
        return "boolean"
    return next((kind for kind, pattern in _PATTERNS.items() if re.fullmatch(pattern, value)), "text")


def environment(
    definition: JobDefinition, given: Mapping[str, str], home: str, environ: Mapping[str, str]
) -> dict[str, str]:
    """The variables in which a command gets its parameters; secret ones are read now.

    Args:
        definition: of the job; given: values that were given for this run.
        home: to which paths of files are relative; environ: of this process.

    Raises:
        OSError: a secret one cannot be read; the message names the parameter and never its value.
    """
    found = {variable(name): value for name, value in definition.parameter_values(given).items()}
    for name, parameter in definition.params.items():
        if parameter.secret:
            found[variable(name)] = secret_value(name, parameter, home, environ)
    return found


def secret_value(name: str, parameter: Parameter, home: str, environ: Mapping[str, str]) -> str:
    """The value of a secret parameter, as it is now; the line break at the end of a file does not count.

    Raises:
        OSError: it cannot be read.
    """
    return secret_values.value_of(
        Secret(file=parameter.file, env=parameter.env), f"its parameter {name}", home, environ
    )
