"""Names for jobs that had none."""

from __future__ import annotations

from scheduler.importing.names import JobNames, told_by


def test_a_name_is_none_that_another_job_has() -> None:
    """Neither one of its import, nor of the home, nor a job that every config may have; case tells none apart."""
    names = JobNames(["Backup"])
    assert [names.unique(each, 7) for each in ("backup", "backup", "log-cleanup", "---")] == [
        "backup-2",
        "backup-3",
        "log-cleanup-2",
        "line-7",
    ]


def test_a_command_is_told_by_its_program() -> None:
    """Behind variables and wrappers; where nothing stands behind a wrapper, by that."""
    commands = ["BAZ=1 /usr/bin/env", "FOO=x nice -n 5 /opt/sync.sh", "/usr/bin/env", "BAZ=1"]
    assert [told_by(each) for each in commands] == ["env", "sync", "env", "BAZ=1"]
