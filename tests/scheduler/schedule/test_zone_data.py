"""One source of zone data: the package, whatever the machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tzdata

from scheduler.ledger.state_file import fold_version
from scheduler.schedule import zone_data
from scheduler.schedule.zones import known_zone
from scheduler.version import ReplacedPart, replaced, versions

ROOT = Path(__file__).resolve().parents[3]


def test_the_machines_zone_files_are_never_used(tmp_path: Path) -> None:
    """A machine whose Europe/Paris is Tokyo's data, and which has a zone of its own, changes nothing."""
    package = Path(tzdata.__file__).parent / "zoneinfo"
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Paris").write_bytes((package / "Asia" / "Tokyo").read_bytes())
    (tmp_path / "Atlantis").write_bytes((package / "Asia" / "Tokyo").read_bytes())
    program = (
        "from datetime import UTC, datetime\n"
        "from cli.times.zones import local_zone, zone_of\n"
        "from scheduler.rules.job_schedule import local_iso\n"
        "from scheduler.schedule.cron.schedule import parse_cron\n"
        "from scheduler.schedule.zones import known_zone\n"
        "noon = datetime(2026, 7, 1, 12, tzinfo=UTC)\n"
        "print(local_iso(noon, 'Europe/Paris'))\n"
        "print(noon.astimezone(zone_of('Europe/Paris')).isoformat())\n"
        "print(parse_cron('0 2 * * *', 'Europe/Paris').next_after(noon).isoformat())\n"
        "print(known_zone('Atlantis'), local_zone())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONTZPATH": str(tmp_path), "TZ": f":{tmp_path}/zoneinfo/Europe/Paris"},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.splitlines() == [
        "2026-07-01T14:00:00+02:00",
        "2026-07-01T14:00:00+02:00",
        "2026-07-02T00:00:00+00:00",
        "False Europe/Paris",
    ]


def test_what_is_recorded_is_what_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The version is the loaded package's; once the data is held, an upgrade changes nothing for this process."""
    assert versions()["tzdata"] == tzdata.__version__ == zone_data.version()
    zone_data.hold()
    before = zone_data.zone_bytes("Pacific/Chatham")
    monkeypatch.setattr(tzdata, "__file__", str(tmp_path / "__init__.py"))
    assert before is not None
    assert zone_data.zone_bytes("Pacific/Chatham") == before
    assert len(zone_data.zone_names()) > 500


def test_a_snapshot_of_other_zone_data_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still to be settled follows from instants, and those from the zone data."""
    fold_version.cache_clear()
    before = fold_version()
    monkeypatch.setattr(tzdata, "__version__", "1999.1")
    fold_version.cache_clear()
    after = fold_version()
    fold_version.cache_clear()
    assert before != after


def test_every_zone_of_the_package_can_be_used() -> None:
    """But for those that are a property of one machine."""
    refused = [name for name in zone_data.zone_names() if not known_zone(name)]
    assert set(refused) <= {"Factory", "localtime", "posixrules"}


def test_a_version_that_was_replaced_is_named() -> None:
    """Only packages that both sides name count: older ledgers name fewer."""
    used = {"tzdata": "2026.6", "croniter": "7.0.0"}
    assert replaced(used, {**used, "msgspec": "1"}) == []
    assert replaced(used, {**used, "tzdata": "2026.7"}) == [ReplacedPart("tzdata", "2026.6", "2026.7")]
