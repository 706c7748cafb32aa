from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from scheduler.python_jobs.attempt_result import AttemptResult, UnfitResult, read_result, write_result

RESULT = AttemptResult(
    secret_sha256="5e", succeeded=True, message="done", items_processed=3, metrics={"a": 1.5}
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Whole, by its owner alone, in place of what was there."""
    path = tmp_path / "41-1.result"
    write_result(str(path), AttemptResult(error="not yet"))
    write_result(str(path), RESULT)
    assert read_result(str(path), "5e") == RESULT
    assert [(each.name, stat.S_IMODE(each.stat().st_mode)) for each in tmp_path.iterdir()] == [
        (path.name, 0o600)
    ]
    assert read_result(str(tmp_path / "none"), "5e") is None


@pytest.mark.parametrize(("raw", "said"), [
    (b"", "it is no result of a job"),
    (b"\xff", "it is no result of a job"),
    (b"[]", "it is no result of a job"),
    (b'{"succeeded": 1}', "it is no result of a job"),
    (b'{"unknown": 1}', "it is no result of a job"),
    (b'{"metrics": ' + b"[" * 30_000, "it is no result of a job"),
    (b'{"succeeded": true}', "what stands there is of another attempt"),
    (b'{"secret_sha256": "5e", "items_failed": -1}', "its items_failed is -1"),
    (b'{"secret_sha256": "5e", "metrics": {"a b": 1}}', "is not the name of a metric"),
    (b'{"secret_sha256": "5e", "message": "' + b"x" * 1_001 + b'"}', "longer than 1,000 characters"),
    (b"x" * 70_000, "it is longer than 65,536 bytes"),
])  # fmt: skip
def test_what_anybody_may_have_written_is_not_believed(tmp_path: Path, raw: bytes, said: str) -> None:
    """What is no result, or one of another attempt, or one that could not be recorded, is refused with the reason."""
    path = tmp_path / "41-1.result"
    path.write_bytes(raw)
    with pytest.raises(UnfitResult) as caught:
        read_result(str(path), "5e")
    assert said in str(caught.value)


def test_a_link_or_a_pipe_is_no_result(tmp_path: Path) -> None:
    """Neither is followed or waited for."""
    (tmp_path / "real").write_text('{"succeeded": true}')
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(UnfitResult, match="cannot be read"):
            read_result(str(tmp_path / name), None)
