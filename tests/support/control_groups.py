"""A control group for a test, where this user can make one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def new_group() -> Iterator[Path]:
    """A new group, removed afterwards; where there can be none, the test is skipped."""
    root = _unified()
    if root is None:
        pytest.skip("this user can make no control group here")
    made = root / f"cronledger-test-{uuid.uuid4()}"
    try:
        made.mkdir()
    except OSError:
        pytest.skip("this user can make no control group here")
    yield made
    made.rmdir()


def _unified() -> Path | None:
    """Where the tree of version 2 is mounted, if this user can make groups there."""
    for line in Path("/proc/self/mountinfo").read_text().split("\n"):
        if " - cgroup2 " in line:
            folder = Path(line.split(" ")[4])
            return folder if os.access(folder, os.W_OK) else None
    return None
