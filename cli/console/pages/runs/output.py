"""What a run printed: the end of each stream on its page, and the whole to download, secrets of its job masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.responses import Response, StreamingResponse

from cli.console.asked import Asked
from cli.console.page_route import NotFound
from cli.logs.output_secrets import masking, output_secrets, secrets_environ
from cli.logs.run_output import CapturedAttempt, finished_attempt, open_output
from cli.terminal.job_output import shown_text
from cli.times.show import show_size
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.ledger.run_record import RunRecord, run_record

if TYPE_CHECKING:
    from scheduler.logs import RawOutput
    from scheduler.logs.collection.masked_output import KnownSecrets

STREAMS: Final = ("stdout", "stderr")
_SHOWN_BYTES: Final = 64 * 1024
_CHUNK_BYTES: Final = 256 * 1024
_READ_THROUGH_BYTES_MAX: Final = 64 * 1024 * 1024
"""The end of a compressed file is found by reading all of it: of a longer one the beginning is shown."""
_ENTRIES_MAX: Final = 200_000


class ShownStream(NamedTuple):
    """One stream of an attempt, as the page of its run shows it.

    Attributes:
        attempt: its number; stream: `stdout` or `stderr`.
        text: what is shown of it; empty if nothing is.
        end: how many bytes there are by now.
        left_out: what of it is not shown, in words; empty if nothing.
        remark: why there is nothing, or what is to be said of it.
    """

    attempt: int
    stream: str
    text: str
    end: int
    left_out: str
    remark: str


def shown_streams(home: Home, record: RunRecord, definition: JobDefinition | None) -> list[ShownStream]:
    """The streams of all attempts of a run that printed anything, the last attempt first."""
    secrets = None if definition is None else _secrets_of(home, definition)
    withheld = "" if secrets is None else _why_withheld(secrets)
    found: list[ShownStream] = []
    for attempt in reversed(attempts_of(record)):
        for stream in STREAMS:
            shown = _shown(home, attempt, stream, secrets)
            if shown is not None and withheld and not shown.remark:
                shown = ShownStream(attempt.number, stream, "", 0, "", withheld)
            if shown is not None:
                found.append(shown)
    return found


def attempts_of(record: RunRecord) -> list[CapturedAttempt]:
    """The attempts of a run that started, the first one first."""
    number = record.cause.seq
    ended = {}
    for entry in record.of_type(v.RunFinished):
        data: v.RunFinished = v.payload(entry)
        if data.closes is None:
            ended[data.attempt] = finished_attempt(number, data, entry)
    found = []
    for entry in record.of_type(v.RunStarted):
        start: v.RunStarted = v.payload(entry)
        attempt = ended.get(start.attempt) or CapturedAttempt.going(number, start, entry)
        found.append(attempt._replace(node=start.node, host=start.host))
    return found


def show_output(asked: Asked) -> Response:
    """The whole of one stream, as a file of text."""
    attempt, definition = captured(asked)
    stream = asked.request.path_params["stream"]
    home = asked.site.home
    recorded = next(each for each in attempt.streams if each.stream == stream)
    if not is_kept(home, attempt, stream):
        nothing = attempt.finished is not None and not recorded.size_bytes and not attempt.is_elsewhere
        raise NotFound("nothing was printed there" if nothing else _gone(attempt))
    secrets = maskable(home, definition)
    name = f"run-{attempt.run}-attempt-{attempt.number}.{stream}.txt"
    return StreamingResponse(
        _pieces(partial(open_output, home, attempt, stream), secrets, recorded.size_bytes),
        media_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def is_kept(home: Home, attempt: CapturedAttempt, stream: str) -> bool:
    """Whether a stream is here to be read."""
    output = open_output(home, attempt, stream)
    if output is not None:
        output.close()
    return output is not None


def captured(asked: Asked) -> tuple[CapturedAttempt, JobDefinition | None]:
    """The attempt that an address names, and the definition of its job.

    Raises:
        NotFound: there is no such run, attempt or stream.
    """
    parameters = asked.request.path_params
    number, wanted = parameters["run"], parameters["attempt"]
    with asked.look() as view:
        store = None if view.ledger is None else view.ledger.store
        record = None if store is None else run_record(store, number, _ENTRIES_MAX)
        job = None if record is None else view.state.jobs.get(record.cause.job or "")
    found = [] if record is None else [each for each in attempts_of(record) if each.number == wanted]
    if not found or parameters["stream"] not in STREAMS:
        raise NotFound(f"run {number} has no such output")
    return found[0], None if job is None else job.definition


def maskable(home: Home, definition: JobDefinition | None) -> KnownSecrets | None:
    """What is to be masked in the output of a job; None if it names no secret.

    Raises:
        NotFound: one of its secrets is not known, so that it could not be masked: nothing is shown then.
    """
    secrets = None if definition is None else _secrets_of(home, definition)
    if secrets is not None and (withheld := _why_withheld(secrets)):
        raise NotFound(withheld)
    return secrets


def _secrets_of(home: Home, definition: JobDefinition) -> KnownSecrets | None:
    return output_secrets(home, definition, partial(secrets_environ, home))


def _why_withheld(secrets: KnownSecrets) -> str:
    """Why a page shows nothing of an output; empty if it may be shown. Who looks at a page may not own the home."""
    if not secrets.unknown:
        return ""
    return f"it is withheld, because a secret of its job could not be masked: {'; '.join(secrets.unknown)}"


def _pieces(
    opened: Callable[[], RawOutput | None], secrets: KnownSecrets | None, size_bytes: int | None
) -> Iterator[bytes]:
    """The bytes of a run, masked, a piece at a time; opened when the first is asked for, if any is."""
    masked, output = masking(secrets), opened()
    if output is None:
        return
    with closing(output):
        offset = 0
        while size_bytes is None or offset < size_bytes:
            wanted = _CHUNK_BYTES if size_bytes is None else min(_CHUNK_BYTES, size_bytes - offset)
            chunk = output.read(offset, wanted)
            if not chunk:
                break
            offset += len(chunk)
            yield chunk if masked is None else masked.masked(chunk)
        if masked is not None:
            yield masked.masked(b"", last=True)


def _shown(
    home: Home, attempt: CapturedAttempt, stream: str, secrets: KnownSecrets | None
) -> ShownStream | None:
    """One stream; None if nothing was printed there."""
    size_bytes = next(each.size_bytes for each in attempt.streams if each.stream == stream)
    try:
        output = open_output(home, attempt, stream)
    except OSError as problem:
        return ShownStream(attempt.number, stream, "", 0, "", f"it cannot be read: {problem.strerror}")
    if output is None:
        if not size_bytes and not attempt.is_elsewhere:
            return None
        return ShownStream(attempt.number, stream, "", 0, "", _gone(attempt))
    with closing(output):
        return _end_of(output, attempt, stream, size_bytes, secrets)


def _end_of(
    output: RawOutput,
    attempt: CapturedAttempt,
    stream: str,
    size_bytes: int | None,
    secrets: KnownSecrets | None,
) -> ShownStream | None:
    from scheduler.logs import DamagedOutput

    length = output.path.stat().st_size if size_bytes is None else size_bytes
    if not length:
        return ShownStream(attempt.number, stream, "", 0, "", "") if attempt.finished is None else None
    from_begin = output.compressed and length > _READ_THROUGH_BYTES_MAX
    begin = 0 if from_begin else max(0, length - _SHOWN_BYTES)
    # What is cut must not leave the end of a secret unmasked: reading begins as much earlier as one may be long.
    lead = 0 if secrets is None else max((len(form) for form in secrets.forms), default=0)
    start = max(0, begin - lead)
    try:
        raw = output.read(start, min(_SHOWN_BYTES + lead, length - start))
    except (DamagedOutput, OSError) as problem:
        return ShownStream(attempt.number, stream, "", 0, "", f"its file is damaged: {problem}")
    if attempt.finished is None:
        # More is to come: what is shown ends with a line, so that no secret is cut in two.
        raw = raw[: raw.rfind(b"\n") + 1]
        length = start + len(raw)
    masked = masking(secrets)
    shown = raw if masked is None else masked.masked(raw, last=True)
    text = shown_text(shown.decode("utf-8", "backslashreplace"))
    if begin:
        text = text.partition("\n")[2] or text
    left_out = ""
    if length > _SHOWN_BYTES:
        left_out = f"the {'first' if from_begin else 'last'} {show_size(len(raw))} of {show_size(length)}"
    return ShownStream(attempt.number, stream, text, length, left_out, "")


def _gone(attempt: CapturedAttempt) -> str:
    """Why there is no output."""
    if attempt.is_elsewhere:
        where = f"node {attempt.node or ''}, host {attempt.host}"
        return f"it is on {where}: `cronledger logs show {attempt.run}` there shows it"
    return f"it is not here any more: `cronledger logs show {attempt.run}` says what deleted it"
