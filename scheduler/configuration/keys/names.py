"""Which names jobs, tags, locks and environment variables may have.

A job's name stands in commands, file names and SQL, so it is plain: 1 to 64 letters, digits, dots,
underscores and dashes (ASCII), beginning with a letter, a digit or an underscore.
"""

from __future__ import annotations

import re
import unicodedata

from scheduler.configuration.keys.values import text
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node, Scalar

MAX_NAME_LENGTH = 64
_JOB = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OWN_PREFIX = "CRONLEDGER_"


def job_name(node: Scalar) -> str:
    """The name of a job, as the key that it is.

    Raises:
        InvalidValue: It cannot be one; the suggestion is the nearest name that can.
    """
    name = node.text
    if _JOB.fullmatch(name):
        return text(node, "the name of a job") if node.plain else name
    if not name:
        raise InvalidValue("the name of the job is missing")
    better = _tidied(name)
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidValue(
            f"the name has {len(name)} characters: a job's name has at most {MAX_NAME_LENGTH}", better
        )
    if name[0] in ".-":
        what = "would be taken for an option" if name[0] == "-" else "would be a hidden file"
        raise InvalidValue(f"the name {name!r} begins with '{name[0]}', so it {what}", better)
    strange = next(char for char in name if not re.match(r"[A-Za-z0-9._-]", char))
    shown = {" ": "a space", "/": "a slash", "\t": "a tab"}.get(strange, repr(strange))
    raise InvalidValue(
        f"the name {name!r} holds {shown}: a job's name is made of letters, digits, '.', '_' and '-'", better
    )


def tag_name(node: Node, *, alone: bool = False) -> str:
    """A tag, which is made like the name of a job; `alone`: it is not in a list.

    Raises:
        InvalidValue: It cannot be one; the suggestion is the nearest that can, or what was probably meant.
    """
    return word_name(node, "tag", "prod", alone=alone)


def word_name(node: Node, what: str, example: str, *, alone: bool = False, key: bool = False) -> str:
    """A word for what jobs have in common, such as a tag, which is made like the name of a job.

    Args:
        node: What was written.
        what: What it is, in a word; example: One of the kind.
        alone: It is not in a list; key: It is a key of a mapping.

    Raises:
        InvalidValue: It cannot be one; the suggestion is the nearest that can, or what was probably meant.
    """
    name = text(node, f"a {what}, such as {example}", literal=True)
    if name == "none":
        raise InvalidValue(f"the word none stands for no {what}s at all, so no {what} has that name")
    if _JOB.fullmatch(name):
        return name
    parts = re.split(r"[,;\s]+", name.strip())
    several = not key and len(parts) > 1 and all(map(_JOB.fullmatch, parts))
    raise InvalidValue(
        f"{name!r} is no {what}: a {what} is made of at most {MAX_NAME_LENGTH} letters, digits, '.', '_' and '-', "
        "and begins with a letter, a digit or '_'",
        (f"[{', '.join(parts)}]" if alone else ", ".join(parts)) if several else _tidied(name),
    )


def variable_name(node: Scalar) -> str:
    """The name of an environment variable.

    Raises:
        InvalidValue: It cannot be one, or it is one that cronledger sets itself.
    """
    name = any_variable_name(node)
    if name.startswith(_OWN_PREFIX):
        raise InvalidValue(f"variables that begin with {_OWN_PREFIX} are set by cronledger itself")
    return name


def any_variable_name(node: Scalar) -> str:
    """The name of an environment variable, of one that cronledger sets too.

    Raises:
        InvalidValue: It cannot be one.
    """
    name = node.text
    if "=" in name:  # what follows may be secret, and mistakes are recorded
        raise InvalidValue("an environment variable is written NAME: value, not NAME=value")
    if _VARIABLE.fullmatch(name) is None:
        better = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
        better = better if _VARIABLE.fullmatch(better) else ""
        raise InvalidValue(
            f"{name!r} is not the name of an environment variable: letters, digits and '_' make one", better
        )
    return text(node, "the name of a variable") if node.plain else name


def _tidied(name: str) -> str:
    """The nearest name that a job can have, or an empty string."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    better = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).lstrip(".-")[:MAX_NAME_LENGTH].rstrip("-")
    return better if _JOB.fullmatch(better) else ""
