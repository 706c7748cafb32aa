"""`python -m tests.shifted_dates [PYTEST ARGUMENT…]`: the tests on other dates, where libfaketime is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

DATES = {
    "next month": f"{datetime.now(UTC) + timedelta(days=31):%Y-%m-%d %H:%M:%S}",
    "a leap day": "2028-02-29 12:00:00",
    "minutes before Europe's clocks go forward": "2027-03-28 00:58:00",
    "minutes before Europe's clocks go back": "2027-10-31 00:58:00",
    "minutes before America's clocks go forward": "2027-03-14 06:58:00",
    "minutes before America's clocks go back": "2027-11-07 05:58:00",
    "a year's end": "2026-12-31 23:59:00",
    "2037": "2037-06-01 12:00:00",
}
"""When the tests begin, in UTC; the clock goes on from there. America's is New York's."""
LONGEST_S = 3600
"""What one date may take, on a machine that has other things to do."""


def main() -> int:
    """Run them on each date; 1 if a test failed on any of them."""
    faketime = shutil.which("faketime")
    if faketime is None:
        print(
            "the tests are not run on shifted dates: `faketime` is not installed (Debian: apt install faketime)"
        )
        return 0
    failed = []
    for name, date in DATES.items():
        print(f"-- {name}: {date} UTC", flush=True)
        if run(faketime, date, sys.argv[1:]) != 0:
            failed.append(name)
    print(f"failed on: {'; '.join(failed)}" if failed else f"all of {len(DATES)} dates passed")
    return 1 if failed else 0


def run(faketime: str, date: str, arguments: list[str]) -> int:
    """The exit code of pytest, begun at a date. Durations stay true: only the wall clock is shifted."""
    command = [faketime, "-m", "-f", f"@{date}", sys.executable, "-m", "pytest", "-q", "-n", "2"]
    environment = {**os.environ, "TZ": "UTC", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "CRONLEDGER_SHIFTED": date}
    return subprocess.run([*command, *arguments], env=environment, timeout=LONGEST_S, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
