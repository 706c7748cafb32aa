from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.command import DEADLINE_S, await_fact

COMMAND = [sys.executable, "-m", "tests.cluster.demo"]
WHY_NOT = "a hunt shows it: the same nodes as in test_cluster_hunt, for half a minute"


@pytest.mark.long
@pytest.mark.real
def test_the_demonstration_gets_through(hunt: bool) -> None:
    """It shows a leader that is killed and another that leads, and leaves with 0."""
    if not hunt:
        pytest.skip(WHY_NOT)
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " leads now, elected " in done.stdout
    assert "comes back, and takes part again" in done.stdout


@pytest.mark.long
@pytest.mark.real
def test_a_demonstration_that_is_interrupted_leaves_nothing(hunt: bool, tmp_path: Path) -> None:
    """Ctrl-C while three nodes serve: no process of it lives on, and no file."""
    if not hunt:
        pytest.skip(WHY_NOT)
    shown = tmp_path / "shown"
    place = Path(tempfile.mkdtemp(prefix="cronledger-"))
    place.chmod(0o711)  # the server's user has to come through
    with shown.open("wb") as out:
        demo = subprocess.Popen(
            COMMAND, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "TMPDIR": str(place)},
        )  # fmt: skip
    try:
        await_fact(lambda: "They serve." in shown.read_text() or demo.poll() is not None)
        assert len(processes_in(place)) > len(("server", "alpha", "beta", "gamma"))
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does
        assert demo.wait(DEADLINE_S) == 130, shown.read_text()
    finally:
        demo.kill()
        demo.wait()
    assert "Nothing is left of it." in shown.read_text()
    await_fact(lambda: not processes_in(place))
    place.rmdir()  # it is empty


def processes_in(folder: Path) -> list[int]:
    """The processes whose command names a folder, or something in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        if os.fsencode(folder) in words:
            found.append(int(process.name))
    return found
