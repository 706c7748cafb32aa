"""How values are written, as JSON Schema: what a reader takes, as far as a schema can say it.

A form stands with its reader, so that a key has the form of whatever reads it. A form never refuses what its reader
takes; it may take what its reader refuses, for a schema knows no cron expressions and no other keys. It takes what is
written as YAML 1.1 and YAML 1.2 have it, for editors read the one or the other: `yes` is true or a word, and `1e3` a
number or a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

Form = Mapping[str, Any]
R = TypeVar("R", bound=Callable[..., Any])

ANYTHING: Final[Form] = {}
TEXT: Final[Form] = {"type": ["string", "number"]}
"""A word that one YAML or the other may take for a number; a date is a word in both, or is made one."""
WORD: Final[Form] = {"type": "string"}
BOOLEAN: Final[Form] = {
    "anyOf": [
        {"type": "boolean"},
        {
            "type": "string",
            "pattern": "^([Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]|[Oo][Ff][Ff])$",
        },
    ]
}
DURATION: Final[Form] = {
    "type": "string",
    "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
    "minLength": 2,
}
SCALAR: Final[Form] = {"type": ["string", "number", "boolean", "null"]}
MERGE: Final = "<<"
"""YAML's merge key, which some editors leave as it is; what it brings along, no form demands."""

_FORMS: Final[dict[Callable[..., Any], Callable[[], Form]]] = {}


def of_form(form: Form | Callable[[], Form]) -> Callable[[R], R]:
    """Say of a reader in which form its values are written; a function is asked when the form is wanted."""

    def note(read: R) -> R:
        _FORMS[read] = form if callable(form) else lambda: form
        return read

    return note


def form_of(read: Callable[..., Any]) -> Form:
    """The form of what a reader takes; anything, if nobody said."""
    known = _FORMS.get(read)
    return ANYTHING if known is None else known()


def either(*forms: Form) -> Form:
    """One of several."""
    return {"anyOf": list(forms)}


def or_word(word: str, form: Form) -> Form:
    """A form, or a word such as `none`, which takes a default back."""
    return either(form, {"const": word})


def one_or_more(form: Form, most: int | None = None) -> Form:
    """One, or a list."""
    listed: dict[str, Any] = {"type": "array", "items": form}
    return either(form, listed if most is None else {**listed, "maxItems": most})


def whole(low: int, high: int) -> Form:
    """A whole number."""
    return {"type": "integer", "minimum": low, "maximum": high}


def block_of(keys: Mapping[str, Callable[..., Any]]) -> Form:
    """A mapping of these keys and no others, each with its reader."""
    return closed({word: form_of(read) for word, read in keys.items()})


def closed(properties: Mapping[str, Form], *, empty: bool = False) -> Form:
    """A mapping of these keys and no others; `empty`: nothing at all stands for an empty one."""
    return {
        "type": ["object", "null"] if empty else "object",
        "properties": {**properties, MERGE: ANYTHING},
        "additionalProperties": False,
    }


def named(form: Form, names: str = "") -> Form:
    """A mapping from names, which a pattern describes, to what has this form; nothing at all is an empty one."""
    found: dict[str, Any] = {
        "type": ["object", "null"],
        "properties": {MERGE: ANYTHING},
        "additionalProperties": form,
    }
    if names:
        found["propertyNames"] = {"pattern": f"^({names}|{MERGE})$"}
    return found
