"""What the commands about archives tell people and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Value
from cli.times.show import show_size, show_time
from cli.times.zones import local_zone

if TYPE_CHECKING:
    from cli.terminal.progress import Progress
    from scheduler.archive.archiving import ArchivedVolume, ArchivingStep
    from scheduler.archive.candidates import Candidates


def show_step(seen: Progress, step: ArchivingStep) -> None:
    """How far the work is, for people."""
    seen.update(step.done_bytes, total=step.total_bytes, label=f"{step.step}, {show_size(step.total_bytes)}")


def stays_words(found: Candidates) -> str:
    """Why the first segment that is not archived stays."""
    place = f"Entry {found.held_at:,} and what follows"
    if found.held_back == "open":
        return f"{place} stay: entry {found.open_entry:,} belongs to something that is not settled"
    if found.held_back == "recent":
        assert found.held_until is not None, "it ends too late"
        return f"{place} stay: that segment ends at {show_time(found.held_until, local_zone())}"
    if found.held_back == "unsealed":
        return (
            f"{place} stay: that segment has no seal yet, which a scheduler or any command that records makes"
        )
    return f"{place} stay: they are in the last full segment and the one behind it"


def volume_facts(volume: ArchivedVolume, why_unsigned: str) -> list[tuple[str, Value]]:
    """A volume that was dealt with, for people."""
    manifest = volume.read.manifest
    zone = local_zone()
    files = (
        f"{show_count(manifest.count, 'entry', 'entries')} in {show_count(len(manifest.segments), 'segment')}"
    )
    covered = (
        f"of {show_count(manifest.checkpoint_size, 'entry', 'entries')}"
        if manifest.checkpoint_size is not None
        else f"none covers it{': ' + printable(why_unsigned) if why_unsigned and volume.is_new else ''}"
    )
    return [
        ("volume", printable(str(volume.folder))),
        ("entries", f"{manifest.first:,} to {manifest.last:,}, {files}"),
        ("times", f"{show_time(manifest.first_time, zone)} to {show_time(manifest.last_time, zone)}"),
        ("size", f"{show_size(manifest.segments_bytes)}, {show_size(manifest.volume_bytes)} in the volume"),
        ("checkpoint", covered),
        ("manifest", volume.read.sha256),
        ("verified", f"every byte, and recorded by entry {volume.seq}"),
        ("local files", _local(volume)),
    ]


def _local(volume: ArchivedVolume) -> str:
    if not volume.removed:
        return "stay"
    stays = "; that of entry 0 stays" if volume.read.manifest.first == 0 else ""
    return f"{show_count(volume.removed, 'segment')} removed, {show_size(volume.removed_bytes)}{stays}"


def volume_document(volume: ArchivedVolume) -> dict[str, Any]:
    """The same for programs."""
    manifest = volume.read.manifest
    return {
        "folder": str(volume.folder),
        "first": manifest.first,
        "last": manifest.last,
        "count": manifest.count,
        "segments": len(manifest.segments),
        "first_time": manifest.first_time,
        "last_time": manifest.last_time,
        "segments_bytes": manifest.segments_bytes,
        "volume_bytes": manifest.volume_bytes,
        "checkpoint_size": manifest.checkpoint_size,
        "manifest_sha256": volume.read.sha256,
        "is_new": volume.is_new,
        "entry": volume.seq,
        "removed_segments": volume.removed,
        "removed_bytes": volume.removed_bytes,
    }


def candidates_document(found: Candidates) -> dict[str, Any]:
    """What may be archived, and what stays and why, for programs."""
    return {
        "archived_before": found.begin,
        "segments": len(found.firsts),
        "first": found.firsts[0] if found.firsts else None,
        "segments_bytes": found.bytes,
        "local_segments_of_older_volumes": len(found.older),
        "stays_from": found.held_at,
        "stays_because": found.held_back,
        "stays_until": found.held_until,
        "open_entry": found.open_entry,
    }
