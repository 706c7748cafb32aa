"""A job in Python as the config has it: the class that its name stands for, and the values that it is given.

What is checked here is what the class declares: a parameter that it does not know, a value of another type, one that
is missing. A key that no job has may be a value, if the class declares it.
"""

from __future__ import annotations

import msgspec

from scheduler.configuration.keys.block_values.parameters import one_parameter
from scheduler.configuration.keys.key import Key
from scheduler.configuration.spelling import nearest
from scheduler.configuration.variables.parameters import PARAMETERS_MAX, checked
from scheduler.configuration.yaml_tree.problems import InvalidValue, Problems
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar
from scheduler.definition import Parameter
from scheduler.python_jobs.declarations import DeclaredField, DeclaredJob

Bare = dict[str, tuple[Scalar, Node]]
"""Keys of a job that are values of its class, each with its place."""


def without_bare_keys(
    body: Mapping, job: DeclaredJob, keys: dict[str, Key], path: str, problems: Problems
) -> tuple[Mapping, Bare]:
    """The body of a job without the keys that its class declares and no job has; and those.

    One that nobody has and that is nearly such a key is noted, and is in neither.
    """
    rest, bare = Mapping(body.mark), {}
    for word, entry in body.entries.items():
        if word in keys:
            rest.entries[word] = entry
        elif word.replace("-", "_") in job.fields:
            bare[word] = entry
        elif (near := nearest(word, [*keys, *job.fields])) and near not in keys:
            message = f"unknown key {word!r} in a job of {job.target}"
            problems.add(entry[0], message, key=f"{path}.{word}", suggestion=near)
        else:
            rest.entries[word] = entry
    return rest, bare


def parameters_of(
    job: DeclaredJob,
    written: dict[str, Parameter],
    body: Mapping,
    bare: Bare,
    key: Scalar,
    problems: Problems,
) -> dict[str, Parameter]:
    """The parameters of a job in Python: those that are written, as its class has them, and all others of it.

    Args:
        job: what its class declares; written: its `params`, as they were read.
        body: of the job; bare: values that stand beside `params`; key: the job's name.
        problems: where mistakes are noted.
    """
    path = f"jobs.{key.text}"
    found: dict[str, Parameter] = {}
    places = _places(body)
    for name, given in written.items():
        where, value = places.get(name, (key, key))
        field = job.fields.get(name.replace("-", "_"))
        if field is None and not job.incomplete:
            known = f"which declares {', '.join(job.fields)}" if job.fields else "which declares none"
            near = nearest(name, job.fields)
            message = f"{name} is no field of {job.target}, {known}"
            problems.add(where, message, key=f"{path}.params.{name}", suggestion=near)
        elif field is None:
            found[name] = given
        else:
            found[name] = _as_declared(given, field, value, f"{path}.params.{name}", problems)
    for name, (where, value) in bare.items():
        if name in written:
            problems.add(where, f"{name} stands here and in params", key=f"{path}.{name}")
            continue
        try:
            given = one_parameter(value)
        except InvalidValue as invalid:
            problems.take(invalid, value, f"{path}.{name}")
            continue
        found[name] = _as_declared(
            given, job.fields[name.replace("-", "_")], value, f"{path}.{name}", problems
        )
    taken = {name.replace("-", "_") for name in found}
    for name, field in job.fields.items():
        if name in taken:
            continue
        if field.required and name not in written and name not in bare:
            problems.add(key, f"{job.target} needs a value for {name}: write it under params", key=path)
        found[name] = Parameter(type=field.type, choices=field.choices)
    if len(found) > PARAMETERS_MAX:
        message = f"there are {len(found)} parameters: a job has at most {PARAMETERS_MAX}"
        problems.add(key, message, key=path)
    return found


def _places(body: Mapping) -> dict[str, tuple[Scalar, Node]]:
    entry = body.entries.get("params")
    return entry[1].entries if entry is not None and isinstance(entry[1], Mapping) else {}


def _as_declared(
    given: Parameter, field: DeclaredField, node: Node, path: str, problems: Problems
) -> Parameter:
    """A parameter with the type and choices of its field; a value that does not fit is noted."""
    if given.secret:
        return given
    default, choices = given.default, given.choices or field.choices
    where = node
    if isinstance(node, Mapping) and "default" in node.entries:
        where = node.entries["default"][1]
    if default is not None:
        try:
            # As it is written: `yes` is no boolean where text is wanted.
            default = checked(where.text if isinstance(where, Scalar) else default, field.type)
        except ValueError as error:
            problems.add(where, str(error), key=path)
            return given
        if choices and default not in choices:
            message = f"{default!r} is none of the choices: {', '.join(choices)}"
            problems.add(where, message, key=path, suggestion=nearest(default, choices))
    return msgspec.structs.replace(given, type=field.type, default=default, choices=choices)
