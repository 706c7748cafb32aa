from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.command import DEADLINE_S


@pytest.mark.long
@pytest.mark.real
def test_the_demonstration_gets_through(hunt: bool) -> None:
    """It shows a leader that is killed and another that leads, and leaves with 0."""
    if not hunt:
        pytest.skip("a hunt shows it: the same nodes as in test_cluster_hunt, for half a minute")
    command = [sys.executable, "-m", "tests.cluster.demo"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " leads now, elected " in done.stdout
    assert "comes back, and takes part again" in done.stdout
