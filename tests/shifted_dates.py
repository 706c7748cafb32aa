"""`python -m tests.shifted_dates [PYTEST ARGUMENT…]`: the tests on other dates, where libfaketime is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

DATES = {
    "a leap day": "2028-02-29 12:00:00",
    "minutes before Europe's clocks go forward": "2027-03-28 00:58:00",
    "minutes before Europe's clocks go back": "2027-10-31 00:58:00",
    "minutes before America's clocks go forward": "2027-03-14 06:58:00",
    "minutes before America's clocks go back": "2027-11-07 05:58:00",
    "a year's end": "2026-12-31 23:59:00",
    "2037": "2037-06-01 12:00:00",
}
"""When the tests begin, in UTC; the clock goes on from there. America's is New York's."""
NEXT_MONTH = timedelta(days=31)
WAITS = "import threading, time; threading.Event().wait(0.1); time.sleep(0.1)"
WAITED_S = 30
"""What two waits of a tenth of a second may take. libfaketime 0.9.10 lets them take as long as the shift."""
LONGEST_S = 3600
"""What one date may take, on a machine that has other things to do."""


def same_date() -> dict[str, str]:
    """The variables by which a process with an environment of its own sees the date that this one sees."""
    if "CRONLEDGER_SHIFTED" not in os.environ:
        return {}
    return {
        name: value
        for name, value in os.environ.items()
        if name == "LD_PRELOAD" or name.startswith("FAKETIME")
    }


def main() -> int:
    """Run them on each date; 1 if a test failed on any of them."""
    faketime = shutil.which("faketime")
    if faketime is None:
        print(
            "the tests are not run on shifted dates: `faketime` is not installed (Debian: apt install faketime)"
        )
        return 0
    if not waits_end(faketime):
        print(
            "the tests cannot be run on shifted dates: with this libfaketime a wait does not end; take a newer one"
        )
        return 1
    failed = []
    today = datetime.now(UTC)
    begins = {name: datetime.fromisoformat(date).replace(tzinfo=UTC) for name, date in DATES.items()}
    for name, begin in {"next month": today + NEXT_MONTH, **begins}.items():
        print(f"-- {name}: {begin:%Y-%m-%d %H:%M:%S} UTC", flush=True)
        if run(faketime, begin, sys.argv[1:]) != 0:
            failed.append(name)
    print(f"failed on: {'; '.join(failed)}" if failed else f"the tests passed on all {len(DATES) + 1} dates")
    return 1 if failed else 0


def waits_end(faketime: str) -> bool:
    """Whether a thread that waits on a shifted date waits as long as it was told to."""
    command = [*shifted(faketime, 86_400), sys.executable, "-c", WAITS]
    try:
        return subprocess.run(command, timeout=WAITED_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def shifted(faketime: str, shift_s: int) -> list[str]:
    """The words before a command that sees the wall clock shifted so far.

    The clock is shifted and not set, so that every process sees the same time: a fixed start begins anew in each.
    The clocks that count from the boot stay as they are, as on a machine of that date.
    """
    return [faketime, "-m", "--exclude-monotonic", "-f", f"{shift_s:+d}s"]


def run(faketime: str, begin: datetime, arguments: list[str]) -> int:
    """The exit code of pytest, begun at an instant."""
    shift_s = round(begin.timestamp() - time.time())
    command = [*shifted(faketime, shift_s), sys.executable, "-m", "pytest", "-q", "-n", "2", *arguments]
    environment = {**os.environ, "TZ": "UTC", "CRONLEDGER_SHIFTED": f"{begin:%Y-%m-%d}"}
    return subprocess.run(command, env=environment, timeout=LONGEST_S, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
