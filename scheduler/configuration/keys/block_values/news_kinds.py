"""`when`: what people are told of. A job and a channel say it in the same words."""

from __future__ import annotations

from typing import Final, cast

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.converters import one_or_more
from scheduler.configuration.keys.values import one_of
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node, Scalar
from scheduler.entry_members import NOTIFICATION_KINDS, NotificationKind

WHEN: Final = tuple(kind for kind in NOTIFICATION_KINDS if kind != "started")
WHEN_TAKES: Final = f"{', '.join(WHEN[:-1])} or {WHEN[-1]}, or a list of them"
_KNOWN: Final = one_of(*WHEN)
_SYNONYMS: Final = {
    "fail": "failure", "failed": "failure", "failures": "failure", "error": "failure", "recovered": "recovery",
    "recover": "recovery", "miss": "missed", "misfire": "missed", "misfired": "missed", "skip": "skipped",
    "finish": "finished", "end": "finished", "ended": "finished",
}  # fmt: skip


@of_form({"enum": list(WHEN)})
def _kind(node: Node) -> str:
    """One of them; the words by which outcomes are called elsewhere are known as mistakes."""
    try:
        return _KNOWN(node)
    except InvalidValue as problem:
        if isinstance(node, Scalar) and (meant := _SYNONYMS.get(node.text)):
            raise InvalidValue(str(problem), meant) from None
        raise


@of_form(written_form.one_or_more({"enum": list(WHEN)}))
def kinds(node: Node) -> tuple[NotificationKind, ...]:
    """What people are told of, each once."""
    found = one_or_more(node, _kind, WHEN_TAKES)
    return cast("tuple[NotificationKind, ...]", tuple(dict.fromkeys(found)))
