"""What the report says of keys, checkpoints and anchors."""

from __future__ import annotations

from eventstore.memory import MemoryStore
from projections.audit.evidence import Evidence
from scheduler import vocabulary as v
from scheduler.rules.evolve import evolve
from scheduler.rules.state import State
from tests.projections.audit.reports import report_of
from tests.support.ledger import START

_KEY, _NEXT_KEY = "log+00000001+a", "log/2+00000002+a"


def _told(store: MemoryStore) -> Evidence:
    return report_of(store, START).evidence


def test_a_ledger_that_went_on_after_a_restore_is_told_by_its_new_name_alone() -> None:
    """Its key has the new name; what anchors have, and what was refused, is of the name before."""
    store = MemoryStore(clock=lambda: START)
    before = [
        v.KeyCreated(origin="log", vkey=_KEY),
        v.CheckpointSigned(size=900, root="r", key_id="00000001", note="n"),
        v.CheckpointAnchored(size=900, anchor="file /mnt/worm"),
        v.CheckpointRefused(reason="an anchor remembers more"),
    ]
    store.append([v.event(each, v.SCHEDULER) for each in before])
    assert _told(store).refused is not None
    after = [
        v.LedgerContinued(origin="log/2", checkpoint="", reason="disk failed", vkey=_NEXT_KEY),
        v.CheckpointSigned(size=500, root="r", key_id="00000002", note="n"),
        v.CheckpointAnchored(size=500, anchor="file /mnt/worm"),
    ]
    store.append([v.event(each, v.SCHEDULER) for each in after])
    found = _told(store)
    assert (found.origin, [each.vkey for each in found.keys]) == ("log/2", [_KEY, _NEXT_KEY])
    assert found.refused is None
    assert [each.size for each in found.anchors.values()] == [500]
    assert len(found.interruptions) == 1


def test_a_report_that_reads_on_from_a_state_knows_the_key_and_who_has_what() -> None:
    """However long ago it was that an entry said so."""
    store = MemoryStore(clock=lambda: START)
    before = [
        v.KeyCreated(origin="log", vkey=_KEY),
        v.CheckpointSigned(size=1, root="r", key_id="00000001", note="n"),
        v.CheckpointAnchored(size=1, anchor="file /mnt/worm"),
        v.CheckpointRefused(reason="an anchor remembers more"),
    ]
    rejected = v.ConfigRejected(config="c", errors=[], error_count=1)
    store.append([v.event(each, v.SCHEDULER) for each in before])
    store.append([v.event(rejected, v.CONFIG)] * 20_001)
    state = State()
    for entry in store.read(0):
        evolve(state, entry)
    store.append([v.event(rejected, v.CONFIG)])
    found = report_of(store, START, state=state).evidence
    assert (found.origin, [(each.seq, each.vkey) for each in found.keys]) == ("log", [(1, _KEY)])
    assert found.refused is not None
    assert [(each.size, each.time, each.seq) for each in found.anchors.values()] == [(1, START, None)]
