from __future__ import annotations

import msgspec
import pytest

from eventstore import OWN_SEQ, MemoryStore
from scheduler import vocabulary as v
from tests.scheduler.vocabulary_docs import EXAMPLES, PAGE, page
from tests.support.world import BEGIN


def test_the_page_of_the_vocabulary_is_true() -> None:
    """`docs/vocabulary.md` is what the code says, every type with an example."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("example", EXAMPLES, ids=[example[0].TYPE for example in EXAMPLES])
def test_every_type_survives_the_ledger(example: tuple[v.Payload, str, str | None, int | None]) -> None:
    """What is recorded is what is read back, for each type."""
    payload, actor, job, run = example
    store = MemoryStore(clock=lambda: BEGIN)
    (entry,) = store.append([v.event(payload, actor, job=job, run=run)])
    assert v.payload(entry) == payload
    assert (entry.type, entry.actor, entry.job, entry.run) == (payload.TYPE, actor, job, run)


def test_there_is_an_example_of_every_type() -> None:
    """No type of the vocabulary goes without an example."""
    assert {example[0].TYPE for example in EXAMPLES} == set(v.PAYLOADS)


def test_a_run_is_numbered_by_the_entry_that_caused_it() -> None:
    """A tick or a request starts a run, whose number is the entry's own position."""
    store = MemoryStore(clock=lambda: BEGIN)
    requested = v.RunRequested(executor="scheduler")
    (entry,) = store.append([v.event(requested, "user:a@b", job="nightly", run=OWN_SEQ)])
    assert entry.run == entry.seq == 1


def test_an_unknown_type_has_no_payload() -> None:
    """Readers pass over what they do not know."""
    store = MemoryStore(clock=lambda: BEGIN)
    from eventstore import Event

    (entry,) = store.append([Event(type="moon.risen", actor="user:a@b", data={"phase": "full"})])
    assert v.payload(entry) is None
    assert msgspec.json.decode(entry.data) == {"phase": "full"}
