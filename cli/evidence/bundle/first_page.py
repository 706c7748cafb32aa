"""`README.txt`, the first page of a bundle: what it proves, what it does not, and how that is checked."""

from __future__ import annotations

import textwrap
from typing import Final, NamedTuple

from cli.evidence.bundle.checkpoints import Bundled
from cli.evidence.bundle.scope import Asked
from cli.terminal.printable import printable, show_count
from scheduler.version import VERSION

_WIDTH: Final = 78
_FILES: Final = """\
    report.html, report.txt    an audit report of the time: derived, nothing proves it
    verify.py                  checks everything that can be checked here
    entries.txt                the entries in sentences: derived, nothing proves it
    entries/                   the entries themselves, one a line, byte for byte
    tree.txt                   hashes in place of the entries that are left out
    checkpoints/SIZE.note      a signed checkpoint, with its cosignatures
    checkpoints/SIZE.signed    what its time stamps are of
    checkpoints/SIZE-N.tsr     a time stamp (RFC 3161)
    keys.txt                   public keys; they prove nothing, for they came with it
    output/RUN-ATTEMPT.STREAM  what an attempt of a run printed; .masked: with *** for secrets
    output.txt                 what was masked, and what is not here, and why
    MANIFEST.sha256            the SHA-256 of each other file
"""


class BundleFacts(NamedTuple):
    """What is told on the first page.

    Attributes:
        ledger: the identity of the ledger.
        asked: what was asked for.
        first, last: the first and the last entry that are held.
        held: how many are held.
        is_whole: whether that is every one between these.
        bundled: the checkpoints.
        verifier_sha256: the digest of `verify.py`.
    """

    ledger: str
    asked: Asked
    first: int
    last: int
    held: int
    is_whole: bool
    bundled: Bundled
    verifier_sha256: str

    @property
    def uncovered(self) -> int:
        """How many of the entries no checkpoint covers, at the most."""
        return min(self.held, max(0, self.last + 1 - self.bundled.covered))


def first_page(facts: BundleFacts) -> str:
    """The page."""
    parts = [
        _summary(facts),
        "WHAT IT PROVES, once verify.py was given keys that came from elsewhere\n",
        *_items(_proven(facts)),
        "\nWHAT IT DOES NOT PROVE\n",
        *_items(_not_proven(facts)),
        "\nHOW TO CHECK IT\n",
        "    python3 verify.py BUNDLE.zip --key VKEY --witness VKEY\n",
        *_items(_checking(facts)),
        "\nWHAT IS IN IT\n",
        _FILES,
    ]
    return "\n".join(parts)


def _summary(facts: BundleFacts) -> str:
    asked, covered = facts.asked, facts.bundled.covered
    whose = "all jobs" if asked.job is None else f"the job {printable(asked.job)}"
    rows = [
        ("ledger", facts.ledger),
        ("asked for", f"{asked.begin:%Y-%m-%dT%H:%M:%SZ} to before {asked.end:%Y-%m-%dT%H:%M:%SZ}, {whose}"),
        ("holds", f"{show_count(facts.held, 'entry', 'entries')}, from {facts.first} to {facts.last}"),
        ("checkpoint", f"of the entries 0 to {covered - 1}" if covered else "none"),
        ("not covered", show_count(facts.uncovered, "entry", "entries")),
        ("made by", f"cronledger {VERSION}"),
    ]
    table = "".join(f"    {name:<13}{value}\n" for name, value in rows)
    return f"EVIDENCE BUNDLE\n\n{table}"


def _proven(facts: BundleFacts) -> list[str]:
    if not facts.bundled.covered:
        return ["Nothing to anybody who does not trust who made it: no checkpoint of the ledger is signed."]
    found = [
        (
            "That what it shows was recorded in the ledger whose checkpoints these keys have signed, in this order, "
            "and that none of it was altered since."
        )
    ]
    if facts.is_whole:
        begin = "with entry 0" if facts.first == 0 else f"where a checkpoint of {facts.first} entries ends"
        found.append(
            f"That nothing was left out: it holds every entry from {facts.first} to {facts.last}. It begins {begin}."
        )
    if any(len(each.note.signatures) > 1 for each in facts.bundled.kept):
        found.append("What a witness cosigned was there at the time that the witness says.")
    if facts.bundled.stamps:
        found.append("What was time-stamped was there at the time of the stamp, or before.")
    return found


def _not_proven(facts: BundleFacts) -> list[str]:
    found = []
    if not facts.is_whole:
        found.append(
            "That nothing was left out. It holds the entries about one job, and the ledger has others, which may say "
            "anything about it. They are left out and not secret: whoever can guess one can confirm the guess."
        )
    if facts.uncovered:
        what = show_count(facts.uncovered, "entry is", "entries are")
        found.append(
            f"Anything about what came last: {what} covered by no checkpoint. They are chained to each other, which "
            "whoever made this could have done."
        )
    found += [
        (
            "That what an entry says is true. It proves what was recorded and when it was vouched for; whoever may "
            "write to the ledger may record what they like."
        ),
        (
            "That there is no other ledger of which another story is told: only a witness that its owner does not "
            "control can say that."
        ),
        "report.html, report.txt, entries.txt and this page are derived, for reading. Nothing signs them.",
    ]
    return found


def _checking(facts: BundleFacts) -> list[str]:
    return [
        (
            "Without keys from elsewhere it can only say whether the bundle is consistent with itself, as anything "
            "that is made up can be."
        ),
        (
            f"The verify.py in this bundle has the SHA-256 {facts.verifier_sha256}. A copy that comes from whoever "
            "made the bundle proves nothing: take it from a release of cronledger, whose pages have its digest."
        ),
        "It needs nothing but Python 3.9 or later, has 200 lines, and can be read before it is run.",
    ]


def _items(sentences: list[str]) -> list[str]:
    return [textwrap.fill(each, _WIDTH, initial_indent="  - ", subsequent_indent="    ", break_long_words=False,
                          break_on_hyphens=False) for each in sentences]  # fmt: skip
