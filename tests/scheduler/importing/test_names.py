"""Names for jobs that had none."""

from __future__ import annotations

from scheduler.importing.names import JobNames


def test_a_name_is_none_that_another_job_has() -> None:
    """Neither one of its import, nor of the home, nor a job that every config may have; case tells none apart."""
    names = JobNames(["Backup"])
    assert [names.unique(each, 7) for each in ("backup", "backup", "log-cleanup", "---")] == [
        "backup-2",
        "backup-3",
        "log-cleanup-2",
        "line-7",
    ]
