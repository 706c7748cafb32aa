"""What `ledger verify --json` tells programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.ledger.verification.checks import checked, not_checked
from cli.ledger.verification.meaning import CONTRADICTION_MEANS, contradicted_from, meaning
from cli.ledger.verification.verified import Verified
from eventstore.proofs.base64_text import in_base64

if TYPE_CHECKING:
    from eventstore.errors import DamagedTail
    from scheduler.evidence.verification.evidence_report import EvidenceReport


def document(found: Verified) -> dict[str, Any]:
    """All of it."""
    report, laws, tree = found.report, found.laws, found.report.tree
    return {
        "ok": report.ok,
        "passed": found.ok and found.as_remembered,
        "folder": str(found.folder),
        "ledger": report.ledger_id or None,
        "entries": report.entries,
        "segments": report.segments,
        "sealed": report.sealed,
        "bytes": report.bytes,
        "first": report.first,
        "archived": [
            {"first": each.first, "last": each.last, "place": each.place, "read": each.read}
            for each in report.archived
        ],
        "head": {"seq": report.head.seq, "hash": report.head.hash} if report.entries else None,
        "tree": None if tree is None else {"size": tree.size, "root": in_base64(tree.root)},
        "recoveries": report.recoveries,
        "torn": _place(report.torn),
        "first_damage": _damage(report.first_damage),
        "head_missing": report.head_missing,
        "unsealed": report.unsealed,
        "expected": [
            {"seq": each.head.seq, "hash": each.head.hash, "found": each.found, "met": each.met}
            for each in report.expectations
        ],
        "laws_checked": laws is not None,
        "laws_not_checked": [] if laws is None else [list(each) for each in laws.unchecked],
        "illegal": [] if laws is None else [one._asdict() for one in laws.first],
        "illegal_count": 0 if laws is None else laws.total,
        **_evidence(found.evidence),
        "contradicted_from": _contradicted_from(found),
        "since_checkpoint": found.since,
        "projections_checked": found.derived is not None,
        "projections_damaged": [] if found.derived is None else found.derived.damaged,
        "checked": checked(found),
        "not_checked": not_checked(found),
    }


def _evidence(evidence: EvidenceReport) -> dict[str, Any]:
    return {
        "checkpoints": {
            "kept": evidence.kept,
            "recorded": evidence.recorded,
            "covered": evidence.covered,
            "vouched": evidence.vouched,
            "witnessed": evidence.witnessed,
            "not_kept": list(evidence.unkept),
            "not_recorded": list(evidence.unrecorded),
            "not_read": evidence.unread,
            "cosigned": evidence.cosigned,
            "receipts": evidence.receipts,
        },
        "keys": [
            {
                "vkey": each.key.text,
                "origin": each.origin,
                "from_entry": each.seq,
                "by": each.by,
                "trusted": each.trusted,
            }
            for each in evidence.history.periods
        ],
        "anchors": [each._asdict() for each in evidence.anchors],
        "left_behind": [each._asdict() for each in evidence.superseded],
        "contradictions": [
            each._asdict() for each in (*evidence.contradictions, *evidence.anchor_contradictions)
        ],
    }


def _contradicted_from(found: Verified) -> dict[str, Any] | None:
    place = contradicted_from(found)
    if place is None:
        return None
    return {
        "seq": place.seq,
        "segment": str(place.segment),
        "offset": place.offset,
        "means": CONTRADICTION_MEANS,
    }


def _damage(damage: DamagedTail | None) -> dict[str, Any] | None:
    place = _place(damage)
    return None if damage is None or place is None else {**place, "means": meaning(damage)}


def _place(damage: DamagedTail | None) -> dict[str, Any] | None:
    if damage is None:
        return None
    return {
        "seq": damage.seq,
        "segment": str(damage.segment),
        "offset": damage.offset,
        "expected": damage.expected,
        "found": damage.found,
    }
