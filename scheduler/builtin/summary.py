"""What a maintenance job says: a sentence for the ledger, and more on standard output, which its run captures."""

from __future__ import annotations

from scheduler.vocabulary import RetentionApplied


def sentence(applied: RetentionApplied) -> str:
    """What was done, in one sentence: the sum, and of what could not be dealt with the first."""
    text = _sum(applied)
    if applied.refused is not None:
        text = f"{_refused(applied.refused)}; {text}"
    if applied.failures:
        first = applied.failures[0]
        more = f" (and {applied.failed - 1:,} more)" if applied.failed > 1 else ""
        text += f"; {_undone(applied)}: {_printable(first.path)}: {_printable(first.error)}{more}"
    return text


def summary(job: str, applied: RetentionApplied) -> str:
    """What was done, for people: the sum, each folder, each failure that is listed."""
    lines = [] if applied.refused is None else [f"{job}: {_refused(applied.refused)}"]
    lines.append(f"{job}: {_sum(applied)}")
    for target in applied.targets:
        where = f"{target.path}/{target.pattern}" if target.pattern else target.path
        what = _files(target.deleted, target.deleted_bytes)
        lines.append(f"  {_printable(where)}: {_verb(applied)} {what} of {target.examined:,}")
    if applied.failed:
        more = applied.failed - len(applied.failures)
        lines.append(f"{_undone(applied)}:")
        lines += [
            f"  {_printable(failure.path)}: {_printable(failure.error)}" for failure in applied.failures
        ]
        lines += [f"  … and {more:,} more"] if more else []
    return "\n".join(lines)


def _sum(applied: RetentionApplied) -> str:
    until = applied.cutoff.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{_verb(applied)} {_files(applied.deleted, applied.deleted_bytes)} last changed before {until}"


def _verb(applied: RetentionApplied) -> str:
    if applied.refused is not None:
        return "would have deleted"
    return "would delete" if applied.dry_run else "deleted"


def _refused(why: str) -> str:
    return f"nothing is deleted: {why}"


def _undone(applied: RetentionApplied) -> str:
    return f"{applied.failed:,} could not be dealt with"


def _files(count: int, size_bytes: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'} ({size_bytes:,} bytes)"


def _printable(text: str) -> str:
    """Names of files may hold anything; a terminal gets no control characters from here."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
