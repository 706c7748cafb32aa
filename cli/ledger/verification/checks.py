"""Which checks a verification made and which it did not, in words that people and programs get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.ledger.verification.verified import Verified
from cli.terminal.printable import show_count

if TYPE_CHECKING:
    from collections.abc import Collection

    from eventstore.proofs.notes.note import VerifierKey
    from scheduler.evidence.verification.key_history import KeyPeriod

UNSEEN = "that no entry was cut off at the end, and that not all were written anew"


def checked(found: Verified) -> str:
    """What was checked."""
    report, evidence = found.report, found.evidence
    checks = [
        "every byte of every entry that was read",
        "the chain",
        "HEAD" if not report.head_missing else "",
    ]
    checks.append(show_count(report.sealed, "seal") if report.sealed else "")
    if report.unread:
        checks.append("the seals of archived segments, against the entry that records them")
    checks.append("the tree" if report.tree is not None else "")
    checks.append("what each entry says against those before it" if found.laws is not None else "")
    if evidence.kept or evidence.recorded:
        checks.append("the checkpoints with their roots and signatures")
    if evidence.anchors or report.expectations:
        checks.append("what is remembered elsewhere")
    if found.derived is not None:
        checks.append("what is derived from the entries")
    return ", ".join(check for check in checks if check)


def not_checked(found: Verified) -> str:
    """What this verification has not seen."""
    report, evidence = found.report, found.evidence
    left = []
    if found.laws is None and report.ok:
        left.append("the laws")
    if report.first:
        left.append(f"the lines of the first {report.first:,} entries, which were not read again")
    if report.unread:
        count = sum(each.last + 1 - each.first for each in report.unread)
        are = show_count(count, "archived entry", "archived entries")
        left.append(f"the bytes of {are}: --archives does, where the archive is at hand")
    if found.laws is not None:
        behind = [each for each in found.laws.unchecked if not report.is_unread(each[0])]
        left += [
            f"the laws of entries {first:,} to {last:,}: no state is kept before them"
            for first, last in behind
        ]
    if evidence.unread:
        left.append(f"{show_count(evidence.unread, 'checkpoint')} of these entries")
    if evidence.covered and not evidence.vouched:
        left.append("whose the keys are that the ledger names: --key does, with one from elsewhere")
    if evidence.cosigned and not evidence.witnessed:
        left.append("the cosignatures of witnesses: --witness does, with their keys")
    if evidence.receipts:
        stamps = show_count(evidence.receipts, "receipt")
        left.append(
            f"{stamps} of anchors, such as time stamps: what `cronledger audit bundle` writes says how"
        )
    foreign = sum(anchor.foreign for anchor in evidence.anchors)
    if foreign:
        left.append(f"{show_count(foreign, 'note')} of other logs")
    return (
        "; ".join([*left, _unseen_end(found)]) if len(left) != 1 else f"{left[0]}; and {_unseen_end(found)}"
    )


def _unseen_end(found: Verified) -> str:
    report, evidence = found.report, found.evidence
    if not found.as_remembered:
        return UNSEEN
    known = [each.head.seq for each in report.expectations]
    known += [anchor.size - 1 for anchor in evidence.anchors if anchor.size]
    known += [evidence.vouched - 1] if evidence.vouched else []
    known += [evidence.witnessed - 1] if evidence.witnessed else []
    if known:
        return f"behind entry {max(known)}: {UNSEEN}"
    return f"{UNSEEN}; --anchor and --expect do, with what is remembered elsewhere"


def signer_words(period: KeyPeriod, given: Collection[VerifierKey]) -> str:
    """A key of the ledger, from when on it signs, and who vouches for it."""
    whose = "signed by a key that was given" if period.trusted else "named by the ledger itself"
    if period.key in given:
        whose = "given"
    return f"{period.key.name}+{period.key.key_id.hex()} from entry {period.seq} on, {whose}"
