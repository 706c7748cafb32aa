from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from scheduler.waiting import Waiter


def test_a_wake_up_that_cannot_be_read_is_a_wake_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal is told, and nothing is raised, though the system refuses to say what woke it."""

    def refuses(*_: object) -> bytes:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    waiter = Waiter(tmp_path, [signal.SIGHUP])
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        (tmp_path / "new").touch()
        with monkeypatch.context() as patched:
            patched.setattr("scheduler.waiting.os.read", refuses)
            assert waiter.wait(60.0) == [signal.SIGHUP]
        assert waiter.wait(60.0) == []
        assert waiter.wait(0.0) == []
        assert waiter.is_quiet()
    finally:
        waiter.close()
