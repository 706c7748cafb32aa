"""What `ledger verify` tells people: what was found, what was checked, what that means, and what was not seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.ledger.verification.checks import checked, not_checked, signer_words
from cli.ledger.verification.meaning import CONTRADICTION_MEANS, contradicted_from, meaning
from cli.ledger.verification.verified import Verified
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value
from cli.times.show import show_size
from eventstore.proofs.base64_text import in_base64

if TYPE_CHECKING:
    from eventstore.errors import Corrupt
    from eventstore.store import Head
    from eventstore.verify_report import VerifyReport
    from scheduler.evidence.verification.evidence_report import Contradiction, EvidenceReport
    from scheduler.rules.laws.ledger_laws import IllegalEntry

CONSISTENT = "consistent: every entry hashes to what it says and names the one before"
CONSISTENT_WHERE_READ = (
    "consistent: every entry that was read hashes to what it says and names the one before; what stands for the "
    "archived ones fits to these, and is what an entry records"
)
_SHOWN_MAX = 20

Fact = tuple[str, Value]


def facts(found: Verified) -> list[Fact]:
    """All of it."""
    report = found.report
    size = f"{show_count(report.segments, 'segment')}, {show_size(report.bytes)}"
    told: list[Fact] = [
        ("ledger", f"{report.ledger_id or 'unknown'} in {found.folder}"),
        ("entries", f"{report.entries:,} in {size}" if not report.first else _since(report, size)),
        *_archived(report),
        *_ends(report),
        *_evidence(found),
    ]
    damage = report.first_damage
    if damage is None:
        if found.laws is not None and found.laws.total:
            told.append(("illegal", [Cell(_broken(one), "bad") for one in found.laws.first[:_SHOWN_MAX]]))
        told += [
            *_expectations(report),
            *_derived(found),
            ("checked", checked(found)),
            ("verdict", _verdict(found)),
            *_contradicted_from(found),
            ("not checked", not_checked(found)),
        ]
        if report.entries:
            told.append(("head", _written(report.head)))
        return told
    return [
        *told,
        ("head", _written(report.head) if report.entries else "none"),
        *_expectations(report),
        *_damage(damage, report.entries),
    ]


def _damage(damage: Corrupt, sound: int) -> list[Fact]:
    rest = f"; the first {sound:,} entries are consistent, those behind them were not read"
    if sound >= damage.seq:
        rest = "; the entries before it are consistent" if damage.seq else ""
    elif not sound:
        rest = "; the entries before it were not read"
    return [
        ("verdict", Cell(f"DAMAGED at entry {damage.seq}{rest}", "bad")),
        ("segment", str(damage.segment)),
        ("byte offset", str(damage.offset)),
        ("expected", damage.expected),
        ("found", damage.found),
        ("means", meaning(damage)),
    ]


def _since(report: VerifyReport, size: str) -> str:
    return f"{report.entries:,}, of which {report.first:,} were not read again; the others in {size}"


def _archived(report: VerifyReport) -> list[Fact]:
    """What is archived, and whether it was read."""
    told = [
        f"entries {each.first:,} to {each.last:,} are in {printable(each.place)}: "
        + ("read there" if each.read else "held by their seals, their bytes were not read")
        for each in report.archived
    ]
    return [("archived", told)] if told else []


def _ends(report: VerifyReport) -> list[Fact]:
    """What is no damage, and no normal state either."""
    told: list[Fact] = []
    if report.recoveries:
        listed = ", ".join(f"entry {seq}" for seq in report.recoveries)
        aside = f"{show_count(len(report.recoveries), 'unfinished write')} set aside: {listed}"
        told.append(("recoveries", aside))
    if report.torn is not None:
        where = f"{report.torn.segment.name} at byte {report.torn.offset}"
        torn = f"an unfinished write after the last entry, {where}; the next append sets it aside"
        told.append(("torn tail", Cell(torn, "warn")))
    if report.head_missing:
        lacking = "missing or unreadable: how far the ledger has reached once is not known"
        told.append(("HEAD", Cell(lacking, "warn")))
    if report.unsealed:
        missing = f"missing for {show_count(len(report.unsealed), 'full segment')}, from entry"
        rest = "on: whoever next records something writes it"
        told.append(("seals", Cell(f"{missing} {report.unsealed[0]} {rest}", "warn")))
    return told


def _evidence(found: Verified) -> Iterator[Fact]:
    """The tree, and what was signed and remembered of it."""
    evidence, tree = found.evidence, found.report.tree
    if tree is not None and tree.size:
        yield "tree", f"root {in_base64(tree.root)}"
    yield from _checkpoints(evidence)
    for anchor in evidence.anchors:
        if anchor.fitting:
            fit = f"{show_count(anchor.fitting, 'checkpoint')} of this ledger; the largest, of"
            yield f"anchor {printable(anchor.name)}", Cell(f"{fit} {anchor.size:,} entries, fits", "good")
        if anchor.none:
            yield "not read", [Cell(printable(each), "warn") for each in anchor.none[:_SHOWN_MAX]]
    if evidence.superseded:
        told = [
            f"{printable(each.where)}, of {each.size:,} entries under {printable(each.origin)}: entry "
            f"{each.continued} says why the ledger went on without some of them"
            for each in evidence.superseded[:_SHOWN_MAX]
        ]
        yield "left behind", [Cell(each, "warn") for each in told]
    wrong = [*evidence.contradictions, *evidence.anchor_contradictions]
    if wrong:
        yield "contradicted", [Cell(_contradiction(each), "bad") for each in wrong[:_SHOWN_MAX]]


def _checkpoints(evidence: EvidenceReport) -> Iterator[Fact]:
    if evidence.kept or evidence.recorded:
        covered = f"; the largest that fits is of {evidence.covered:,} entries" if evidence.covered else ""
        yield "checkpoints", f"{evidence.kept:,} kept and {evidence.recorded:,} recorded fit{covered}"
    if evidence.unkept:
        gone = f"{show_count(len(evidence.unkept), 'recorded checkpoint')} not kept beside the entries, the first of"
        yield "not kept", Cell(f"{gone} {evidence.unkept[0]:,} entries", "warn")
    periods = evidence.history.periods
    if periods:
        yield "signed by", [printable(signer_words(each, evidence.history.given)) for each in periods]


def _contradiction(each: Contradiction) -> str:
    where = printable(each.where)
    if each.size is None or not each.of_entries:
        return f"{where}: {printable(each.why)}"
    return f"{where}: {printable(each.why)}; entries from {each.from_entry:,} on are not what was signed"


def _contradicted_from(found: Verified) -> list[Fact]:
    """Where the entries begin that may be other ones than were signed."""
    place = contradicted_from(found)
    if place is None:
        return []
    return [
        ("segment", str(place.segment)),
        ("byte offset", str(place.offset)),
        ("means", CONTRADICTION_MEANS),
    ]


def _expectations(report: VerifyReport) -> list[Fact]:
    """What there is of each head that was given."""
    told: list[Fact] = []
    for expectation in report.expectations:
        seq, found = expectation.head.seq, expectation.found
        if expectation.met:
            told.append(("expected head", Cell(f"entry {seq} is the one that was written down", "good")))
        elif found is None:
            told.append(("expected head", Cell(f"there is no such entry {seq} here", "bad")))
        else:
            told.append(("expected head", Cell(f"entry {seq} is another one here, {found}", "bad")))
    return told


def _derived(found: Verified) -> list[Fact]:
    if found.derived is None:
        return []
    damaged = found.derived.damaged
    if not damaged:
        return [("projections", Cell("Parquet files and kept states are what the entries say", "good"))]
    return [
        ("projections", [Cell(f"not what the entries say: {path}", "bad") for path in damaged[:_SHOWN_MAX]])
    ]


def _broken(illegal: IllegalEntry) -> str:
    return f"entry {illegal.seq}, {illegal.type}: {illegal.why}"


def _verdict(found: Verified) -> Cell:
    laws, evidence = found.laws, found.evidence
    consistent = CONSISTENT_WHERE_READ if found.report.unread else CONSISTENT
    if not found.report.as_expected:
        return Cell("NOT THE LEDGER whose head was written down, or a part of it", "bad")
    if evidence.anchor_contradictions and all(
        each.source == "key" for each in evidence.anchor_contradictions
    ):
        return Cell(
            "NOT SIGNED by a key that was given: another ledger, or one that was never signed so", "bad"
        )
    if evidence.anchor_contradictions:
        return Cell("NOT THE LEDGER that is remembered elsewhere, or a part of it", "bad")
    first = next((each for each in evidence.contradictions if each.of_entries), None)
    if first is not None:
        return Cell(f"NOT WHAT WAS SIGNED, from entry {first.from_entry:,} on: {printable(first.why)}", "bad")
    if evidence.contradictions:
        are = show_count(len(evidence.contradictions), "checkpoint")
        return Cell(
            f"{consistent}; but {are} kept beside them cannot be relied on: damaged, or put there", "bad"
        )
    if laws is not None and laws.total:
        are = (
            f"{show_count(laws.total, 'entry', 'entries')} in it {'is' if laws.total == 1 else 'are'} illegal"
        )
        return Cell(f"{consistent}; but {are}: no scheduler records that", "bad")
    if found.derived is not None and found.derived.damaged:
        return Cell(f"{consistent}; but files that are made of them are not what they say", "bad")
    if evidence.vouched:
        return Cell(f"{consistent}; the first {evidence.vouched:,} are those that a given key signed", "good")
    return Cell(consistent, "good")


def _written(head: Head) -> str:
    """A head as it is written down."""
    return f"{head.seq}:{head.hash}"
