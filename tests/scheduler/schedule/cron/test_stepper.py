from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from scheduler.schedule.cron.wall_pattern import WallPattern
from tests.scheduler.schedule.cron.wall_clock import PATIENT, expressions, parsed

# Says what is started while croniter is loaded.
LOADS_CRONITER = """
import sys
sys.addaudithook(lambda event, args: print(event, args) if event == "subprocess.Popen" else None)
from scheduler.schedule.cron import stepper
stepper.load()
print("croniter" in sys.modules)
"""


def test_croniter_is_loaded_without_running_a_program() -> None:
    """At its import it would run `file`, whichever the caller's PATH has."""
    done = subprocess.run([sys.executable, "-c", LOADS_CRONITER], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@PATIENT
@given(expression=expressions(), wall_s=st.integers(0, 3_000_000_000))
def test_what_is_looked_up_and_what_is_stepped_are_one(expression: str, wall_s: int) -> None:
    """A pattern answers the first time out of its days and then steps: the same."""
    pattern = WallPattern(*parsed(expression, "UTC").fields)
    assert pattern.next_after(wall_s) == pattern.next_after(wall_s)
