from __future__ import annotations

import msgspec
import pytest
from msgspec import inspect

from eventstore.memory import MemoryStore
from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.definition import revision
from tests.scheduler.vocabulary_docs import PAGE, Example, examples, page
from tests.support.world import BEGIN

TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = examples(TEXT)


def test_the_page_of_the_vocabulary_is_true() -> None:
    """`docs/vocabulary.md` is what the code says, every type with an example and how that is told."""
    assert page(TEXT) == TEXT


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_every_type_survives_the_ledger(example: Example) -> None:
    """What is recorded is what is read back, for each type."""
    payload, actor, job, run = example
    store = MemoryStore(clock=lambda: BEGIN)
    (entry,) = store.append([v.event(payload, actor, job=job, run=run)])
    assert v.payload(entry) == payload
    assert (entry.type, entry.actor, entry.job, entry.run) == (payload.TYPE, actor, job, run)


def test_there_is_an_example_of_every_type() -> None:
    """No type of the vocabulary goes without an example."""
    assert set(EXAMPLES) == set(v.PAYLOADS)


def test_the_example_of_a_definition_has_its_own_revision() -> None:
    """The digest that the page shows is the one of the definition beside it."""
    defined = EXAMPLES[v.JobDefined.TYPE][0]
    assert isinstance(defined, v.JobDefined)
    assert defined.revision == revision(defined.definition)


def test_no_payload_holds_json_as_bytes() -> None:
    """The encoder of entries relies on it: nothing in a payload is `msgspec.Raw`, or may be anything."""
    assert not {"AnyType", "RawType", "CustomType"} & {
        kind for payload in v.PAYLOADS.values() for kind in _kinds(inspect.type_info(payload))
    }


def _kinds(known: inspect.Type) -> set[str]:
    """The kinds of a type and of all within it."""
    parts = [getattr(known, name, None) for name in ("item_type", "key_type", "value_type")]
    parts += [*getattr(known, "types", ()), *getattr(known, "item_types", ())]
    parts += [field.type for field in getattr(known, "fields", ())]
    return {type(known).__name__}.union(*(_kinds(part) for part in parts if part is not None))


def test_every_type_is_in_exactly_one_group() -> None:
    """Lists in SQL and in the exports are made of the groups: none may forget a type, and none has it twice."""
    assert sorted(name for group in v.GROUPS for name in group) == sorted(v.PAYLOADS)


def test_a_run_is_numbered_by_the_entry_that_caused_it() -> None:
    """A tick or a request starts a run, whose number is the entry's own position."""
    store = MemoryStore(clock=lambda: BEGIN)
    requested = v.RunRequested(executor="scheduler")
    (entry,) = store.append([v.event(requested, "user:a@b", job="nightly", run=OWN_SEQ)])
    assert entry.run == entry.seq == 1


def test_an_unknown_type_has_no_payload() -> None:
    """Readers pass over what they do not know."""
    store = MemoryStore(clock=lambda: BEGIN)
    from eventstore.store import Event

    (entry,) = store.append([Event(type="moon.risen", actor="user:a@b", data={"phase": "full"})])
    assert v.payload(entry) is None
    assert msgspec.json.decode(entry.data) == {"phase": "full"}
