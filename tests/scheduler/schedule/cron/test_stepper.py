from __future__ import annotations

import subprocess
import sys

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
