"""`--param NAME=VALUE` of `jobs run`: the values that a person gives for the parameters of jobs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cli.app.failures import Failure
from cli.terminal.printable import printable
from scheduler.configuration.spelling import nearest
from scheduler.configuration.variables.parameters import checked
from scheduler.definition import JobDefinition


def given_values(definition: JobDefinition, written: Sequence[str]) -> dict[str, str]:
    """The values that are given for a job, each as it is recorded.

    Raises:
        Failure: the job does not take one of them.
    """
    values: dict[str, str] = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals:
            raise Failure(f"--param takes NAME=VALUE, not {printable(each)}")
        if name in values:
            raise Failure(f"--param gives {printable(name)} twice")
        values[name] = _value(definition, name, value)
    return values


def _value(definition: JobDefinition, name: str, value: str) -> str:
    parameter = definition.params.get(name)
    if parameter is None:
        known = ", ".join(definition.params)
        near = nearest(name, definition.params)
        what = f"{definition.name} has no parameter {printable(name)}"
        if near:
            raise Failure(f"{what}: did you mean {near}?")
        raise Failure(
            what, f"It takes {known}." if known else "It takes none: see `params` in docs/config.md."
        )
    if parameter.secret:
        # It may be in the shell's history by now, but not in the ledger.
        source = parameter.file or f"the variable {parameter.env}"
        raise Failure(
            f"{name} is a secret parameter of {definition.name}: what is given here would be recorded",
            f"Its value is read from {printable(source)} when a run starts.",
        )
    try:
        found = checked(value, parameter.type)
    except ValueError as error:
        raise Failure(f"parameter {name} of {definition.name}: {printable(str(error))}") from None
    if parameter.choices and found not in parameter.choices:
        near = nearest(found, parameter.choices)
        meant = f": did you mean {printable(near)}?" if near else ""
        raise Failure(
            f"parameter {name} of {definition.name} cannot be {printable(found)!r}{meant}",
            f"It takes {', '.join(printable(shlex.quote(each)) for each in parameter.choices)}.",
        )
    return found
