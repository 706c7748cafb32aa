"""What the process of a Python job says while it runs and when it ends: the result file, tracebacks, log lines."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from scheduler.python_jobs.attempt_result import (
    ERROR_MAX_CHARS,
    MESSAGE_MAX_CHARS,
    AttemptResult,
    rewrite_result,
    write_result,
)
from scheduler.python_jobs.loading import JobMistake
from scheduler.python_jobs.request import JobRequest
from scheduler.shortening import shortened

if TYPE_CHECKING:
    import logging

_HERE: Final = str(Path(__file__).parent)


class Report:
    """What is said of one attempt.

    Args:
        request: which attempt it is; the values of the variables that are secret there are replaced by `***`.
        environ: of the process.
    """

    def __init__(self, request: JobRequest, environ: Mapping[str, str]) -> None:
        self._path, self._secret_sha256 = request.result, request.secret_sha256
        self._put = write_result
        self._secrets = [environ[name] for name in request.secrets if name in environ]
        self._probable = {name: environ[name] for name in request.probably_secret if name in environ}

    def unfinished(self, what: str) -> None:
        """Leave what is to be said if the process ends now.

        Raises:
            OSError: the file cannot be written.
        """
        self._write(AttemptResult(error=what))

    def finished(self, result: AttemptResult) -> bool:
        """Leave how the attempt ended; whether that could be done."""
        masked = {name: self._masked(value) for name, value in result.metrics.items()}
        message, error = self._masked(result.message), self._masked(result.error)
        result = msgspec.structs.replace(
            result,
            message=shortened(message, MESSAGE_MAX_CHARS),
            error=shortened(error, ERROR_MAX_CHARS),
            metrics=masked,
        )
        try:
            self._write(result)
        except (OSError, UnicodeEncodeError) as problem:
            say(f"what the job said cannot be kept: {problem}")
            return False
        return True

    def _write(self, result: AttemptResult) -> None:
        self._put(self._path, msgspec.structs.replace(result, secret_sha256=self._secret_sha256))
        self._put = rewrite_result

    def _masked(self, value: Any) -> Any:
        if not isinstance(value, str) or not value:
            return value
        from scheduler.logs.collection.secret_masking import Masker, parts_of, secrets_of

        secrets = secrets_of(self._probable).union(*map(parts_of, self._secrets))
        return Masker(secrets).text(value.encode("utf-8", "backslashreplace").decode())


def say(text: str) -> None:
    """Write a line to standard error, if that is still there."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.__stderr__, flush=True)


def failure(error: BaseException, doing: str = "") -> AttemptResult:
    """That an exception ended the attempt; its traceback goes to standard error, which is the log."""
    if isinstance(error, JobMistake):
        say(str(error))
        return AttemptResult(error=str(error))
    print_traceback(error)
    return AttemptResult(error=f"{doing}{exception_words(error)}")


def exception_words(error: BaseException) -> str:
    """Type and message in one line, as the last line of a traceback has them."""
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ in ("builtins", "__main__")
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - a job may raise anything
        text = "(its message cannot be shown)"
    return f"{name}: {text}" if text else name


def print_traceback(error: BaseException) -> None:
    """Write a traceback to standard error, without the frames of this wing above the job's own."""
    import traceback

    with contextlib.suppress(OSError, ValueError):
        traceback.print_exception(type(error), error, _own_frames(error.__traceback__), file=sys.__stderr__)


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    """From the first frame that is of the job."""
    frame = trace
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(
        (
            _HERE,
            "<frozen ",
            os.path.dirname(os.__file__) + "/asyncio",
            os.path.dirname(os.__file__) + "/importlib",
        )
    ):
        frame = frame.tb_next
    return frame or trace


def make_logger(job: str) -> logging.Logger:
    """A logger for a job: each record is one line of JSON on standard output, level and fields kept."""
    import logging

    known = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    class AsJson(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            fields = {name: value for name, value in vars(record).items() if name not in known}
            said = {"level": record.levelname.lower(), "message": record.getMessage(), **fields}
            if record.exc_info:
                said["exception"] = self.formatException(record.exc_info)
            return json.dumps(said, default=str, ensure_ascii=False)

    logger = logging.getLogger(job)
    if not any(isinstance(handler.formatter, AsJson) for handler in logger.handlers):
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(AsJson())
        logger.handlers[:] = [handler]
        logger.propagate = False
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.DEBUG)
    return logger
