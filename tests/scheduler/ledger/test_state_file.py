from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.ledger.state_file import fold_version, folding_code


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


def test_each_file_that_the_fold_loads_counts() -> None:
    """One that did not would let states of an older fold be taken for those of a newer one."""
    script = (
        "import sys, scheduler.rules.evolve\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('scheduler')), sep='\\n')"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    counted = set(folding_code())
    others = {path for each in loaded.split() if (path := Path(each)) not in counted}
    # The text of a mistake is none of the state.
    assert {path.name for path in others} <= {"__init__.py", "shortening.py"}
