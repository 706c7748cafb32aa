from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.ledger.state_file import fold_version


def test_code_that_is_not_to_be_seen_is_an_error_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be digested is told as a file that is not there: it neither counts nor ends in a traceback."""

    def nothing(*_: object, **__: object) -> Iterator[Path]:
        return iter(())

    fold_version.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "glob", nothing)
        with pytest.raises(FileNotFoundError) as refused:
            fold_version()
    assert refused.value.errno == errno.ENOENT
    assert os.fspath(refused.value.filename).endswith("definition.py")
    assert len(fold_version()) == 64
