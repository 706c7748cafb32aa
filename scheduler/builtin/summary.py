"""What a built-in job says on standard output, which becomes the captured output of its run."""

from __future__ import annotations

from scheduler.vocabulary import RetentionApplied


def summary(job: str, applied: RetentionApplied) -> str:
    """What was done, for people: the sum, each folder, each failure that is listed."""
    verb = "would delete" if applied.dry_run else "deleted"
    if applied.refused is not None:
        verb = "would have deleted"
    until = applied.cutoff.strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [] if applied.refused is None else [f"{job}: nothing is deleted: {applied.refused}"]
    lines += [f"{job}: {verb} {_files(applied.deleted, applied.deleted_bytes)} last changed before {until}"]
    for target in applied.targets:
        where = f"{target.path}/{target.pattern}" if target.pattern else target.path
        what = _files(target.deleted, target.deleted_bytes)
        lines.append(f"  {_printable(where)}: {verb} {what} of {target.examined:,}")
    if applied.failed:
        more = applied.failed - len(applied.failures)
        lines.append(f"{applied.failed:,} could not be dealt with:")
        lines += [
            f"  {_printable(failure.path)}: {_printable(failure.error)}" for failure in applied.failures
        ]
        lines += [f"  … and {more:,} more"] if more else []
    return "\n".join(lines)


def _files(count: int, size_bytes: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'} ({size_bytes:,} bytes)"


def _printable(text: str) -> str:
    """Names of files may hold anything; a terminal gets no control characters from here."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
