"""Making a bundle: what was asked for is looked for, proven, written, and verified before it is given out."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import IO, Final, NamedTuple

from cli.evidence.bundle import verify
from cli.evidence.bundle.bundle_zip import BundleZip
from cli.evidence.bundle.checkpoints import Bundled, keys_of_log, read_all, sizes_wanted, stamps_of
from cli.evidence.bundle.first_page import BundleFacts, first_page
from cli.evidence.bundle.left_out import tree_lines
from cli.evidence.bundle.output import BundledOutput
from cli.evidence.bundle.scope import Asked, Scope, look_for
from cli.words.entry_lines import sentence
from eventstore.kept_sizes import sizes
from eventstore.nesting import decode
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.ledger_tree import LedgerTree
from eventstore.proofs.merkle_tree import LeafRange
from eventstore.proofs.tiles.tiled_tree import TiledTree
from eventstore.store import Entry
from scheduler.home import Home
from scheduler.rules.state import Job

VERIFIER: Final = Path(__file__).with_name("verify.py")
"""The verifier, as it is put into each bundle."""
_FINISHED: Final = b'"type":"run.finished"'
_PART_ENTRIES: Final = 65_536


class DoesNotVerify(Exception):
    """A bundle that its own verifier refuses; the message is what that says. The ledger is damaged then."""


class Source(NamedTuple):
    """Where a bundle comes from.

    Attributes:
        ledger_id: the identity of the ledger.
        leaves: its lines.
        tree: its tree.
        entries: how many entries it has.
        told: called from time to time with how many were looked at.
    """

    ledger_id: str
    leaves: LedgerLeaves
    tree: LedgerTree
    entries: int
    told: Callable[[int], None]


def verifier_sha256() -> str:
    """The digest of the verifier."""
    return hashlib.sha256(VERIFIER.read_bytes()).hexdigest()


class Wanted(NamedTuple):
    """What goes into a bundle beside the entries.

    Attributes:
        home: where captured output is, if that is wanted.
        jobs: those that the config has.
        witness_keys: public keys of witnesses.
        reports: pages that are derived from the ledger, by their names.
    """

    home: Home | None
    jobs: Mapping[str, Job]
    witness_keys: Sequence[str]
    reports: Sequence[tuple[str, bytes]]


def look(source: Source, asked: Asked) -> Scope:
    """What of a ledger was asked for.

    Raises:
        Corrupt, OSError: the ledger is damaged, or cannot be read.
    """
    return look_for(asked, source.leaves, source.entries, source.told)


def is_covered(source: Source, scope: Scope) -> bool:
    """Whether a checkpoint that is kept covers all that a bundle is to hold."""
    kept = sizes(source.leaves.folder)
    return bool(kept) and kept[-1] >= scope.held(kept, source.entries)[-1].end


def write_bundle(source: Source, asked: Asked, scope: Scope, wanted: Wanted, file: IO[bytes]) -> BundleFacts:
    """Write a bundle.

    Args:
        source: the ledger.
        asked: what was asked for.
        scope: what was found for that.
        wanted: what goes into it beside the entries.
        file: where to; it can be sought in.

    Raises:
        OtherTree: a checkpoint that is kept is of another tree.
        DoesNotVerify: the bundle is refused by its own verifier: the ledger is damaged.
        TooLarge: the zip cannot hold it.
        DamagedCheckpoint, DamagedTiles, Corrupt, LockHeld, OSError: what it is made of cannot be read.
    """
    ledger, stamps = source.leaves.folder, stamps_of(scope.evidence)
    held = scope.held(sizes(ledger), source.entries)
    begin = held[0].first if scope.chosen is None else None
    at = sizes_wanted(ledger, begin, held[-1].end, stamps)

    def question(tree: TiledTree) -> tuple[Bundled, bytes]:
        kept = read_all(ledger, at, tree.size, tree.subtree_hash)
        keys = [*keys_of_log(scope.evidence), *wanted.witness_keys]
        lines = tree_lines(held, [each.size for each in kept], tree.subtree_hash)
        return Bundled(kept, stamps, keys), b"".join(lines)

    _, (bundled, left_out) = source.tree.ask(question)
    facts = BundleFacts(
        source.ledger_id,
        asked,
        held[0].first,
        held[-1].end - 1,
        sum(each.end - each.first for each in held),
        scope.chosen is None,
        bundled,
        verifier_sha256(),
    )
    bundle = BundleZip(file)
    bundle.add("README.txt", [first_page(facts).encode()])
    for name, content in wanted.reports:
        bundle.add(name, [content])
    bundle.add("verify.py", [VERIFIER.read_bytes()])
    bundle.add("keys.txt", [f"{key}\n".encode() for key in bundled.keys])
    bundle.add("tree.txt", [left_out])
    for name, content in bundled.members():
        bundle.add(name, [content])
    finished: list[Entry] = []
    for part in parts(held):
        bundle.add(f"entries/{part[0].first:020}.jsonl", _lines(source, part, finished))
    bundle.add("entries.txt", _sentences(source, held))
    if wanted.home is not None:
        output = BundledOutput(wanted.home, wanted.jobs, bundle.add)
        for entry in finished:
            output.add(entry)
        bundle.add("output.txt", [f"{each}\n".encode() for each in output.remarks])
    bundle.close()
    return facts


def check(path: Path) -> None:
    """Have a bundle verified by its own verifier.

    Raises:
        DoesNotVerify: it is refused.
    """
    said = io.StringIO()
    with redirect_stdout(said):
        code = verify.main([str(path)])
    if code:
        raise DoesNotVerify(said.getvalue().strip().rpartition("\n")[2])


def parts(held: Sequence[LeafRange]) -> Iterator[list[LeafRange]]:
    """The leaves that are held, in parts of so many as a segment has."""
    part: list[LeafRange] = []
    for each in held:
        at = each.first
        while at < each.end:
            end = min(each.end, at - at % _PART_ENTRIES + _PART_ENTRIES)
            if part and part[0].first // _PART_ENTRIES != at // _PART_ENTRIES:
                yield part
                part = []
            part.append(LeafRange(at, end))
            at = end
    if part:
        yield part


def _lines(source: Source, part: Sequence[LeafRange], finished: list[Entry]) -> Iterator[bytes]:
    """The lines of a part; entries that end attempts are kept in `finished`."""
    for leaves in part:
        for lines in source.leaves.blocks(leaves):
            finished += [decode(line, Entry) for line in lines if _FINISHED in line]
            yield b"\n".join(lines) + b"\n"


def _sentences(source: Source, held: Sequence[LeafRange]) -> Iterator[bytes]:
    """What the entries say, a line for each."""
    yield b"Derived from the entries, for reading; nothing proves it. Times are UTC.\n\n"
    for leaves in held:
        for lines in source.leaves.blocks(leaves):
            entries = [decode(line, Entry) for line in lines]
            told = [f"{each.seq:>8}  {each.time:%Y-%m-%d %H:%M:%S}  {sentence(each)}\n" for each in entries]
            yield "".join(told).encode("utf-8", "backslashreplace")
