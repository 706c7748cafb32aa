"""All that one `ledger verify` has found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from eventstore.verify_report import VerifyReport
    from projections.build.maintenance import ProjectionStatus
    from scheduler.evidence.verification.evidence_report import EvidenceReport
    from scheduler.ledger.state_verification import StateVerification
    from scheduler.rules.laws.ledger_laws import IllegalEntry


class Laws(NamedTuple):
    """What holding the entries against the laws has found.

    Attributes:
        first: the first illegal ones.
        total: how many there are.
        unchecked: the first and the last entry of each stretch that was left out: archived entries that were
            not read, and those after them before which no state is kept.
    """

    first: list[IllegalEntry]
    total: int
    unchecked: tuple[tuple[int, int], ...] = ()


class Derived(NamedTuple):
    """What comparing the projections and the kept states with the entries has found."""

    projections: ProjectionStatus
    states: StateVerification | None

    @property
    def damaged(self) -> list[str]:
        """The files that are not what the entries say."""
        return self.projections.damaged + ([] if self.states is None else self.states.contradicted)


class Verified(NamedTuple):
    """What was found.

    Attributes:
        folder: the ledger.
        report: of the entries.
        evidence: of the checkpoints.
        laws: None if they were left out, or nothing could be folded.
        since: the size of the checkpoint from which it went on; None if all was read.
        derived: of what is made from the entries; None if it was not asked for.
    """

    folder: Path
    report: VerifyReport
    evidence: EvidenceReport
    laws: Laws | None
    since: int | None = None
    derived: Derived | None = None

    @property
    def as_remembered(self) -> bool:
        """Whether the ledger is the one that is remembered elsewhere."""
        return self.report.as_expected and not self.evidence.anchor_contradictions

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged, illegal, or other than what was signed."""
        illegal = self.laws is not None and self.laws.total > 0
        derived = self.derived is not None and bool(self.derived.damaged)
        return self.report.ok and not illegal and not self.evidence.contradictions and not derived
