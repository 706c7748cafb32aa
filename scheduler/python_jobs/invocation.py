"""Running a job: its fields are filled, `run` is called, and what it returns becomes what is recorded."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Final, cast

from scheduler.job import JobCancelled, JobContext, JobResult, Parameter
from scheduler.python_jobs.attempt_result import MESSAGE_MAX_CHARS, AttemptResult
from scheduler.python_jobs.fields import field_name, fields_of, made
from scheduler.python_jobs.loading import JobMistake
from scheduler.shortening import shortened

THREADS_S: Final = 5.0
"""So long threads that a job leaves are waited for."""
_MEMBERS: Final = JobResult.__struct_fields__


def call(target: Any, context: JobContext) -> AttemptResult:
    """Run a job's class, or a function, in this process; a request to stop (SIGTERM) ends it.

    Raises:
        JobMistake: it cannot be called with these parameters, or what it returns is no result.
        BaseException: whatever it raises.
    """
    return answer(_bound(target, context), context)


def answer(run: Callable[[], Any], context: JobContext) -> AttemptResult:
    """Call what is ready to be called, as `call` does; what it says.

    Raises:
        JobMistake: what it returns is no result.
        BaseException: whatever it raises.
    """
    return result_of(_Interruptible(context).call(run))


def _bound(target: Any, context: JobContext) -> Callable[[], Any]:
    if context.dry_run and getattr(target, "supports_dry_run", False) is not True:
        raise JobMistake("its class does not say supports_dry_run, so it was not run")
    values = {field_name(name): value for name, value in context.params.items()}
    if isinstance(target, type):
        if not callable(getattr(target, "run", None)):
            raise JobMistake(f"{target.__qualname__} has no run(self, ctx)")
        _check(target, values)
        job = made(target, values)
        return lambda: job.run(context)
    if not callable(target):
        raise JobMistake(f"what the config names is a {type(target).__name__}, which cannot be called")
    return _function(target, context, values)


def _check(job_class: type, values: Mapping[str, Parameter]) -> None:
    fields = fields_of(job_class)
    for name in values:
        if name not in fields:
            known = f"it declares {', '.join(fields)}" if fields else "it declares none"
            raise JobMistake(f"{job_class.__qualname__} declares no field {name} for its parameter: {known}")
    missing = [name for name, field in fields.items() if field.required and name not in values]
    if missing:
        raise JobMistake(f"{job_class.__qualname__} needs a value for {', '.join(missing)}: see params")


def _function(target: Any, context: JobContext, values: dict[str, Parameter]) -> Callable[[], Any]:
    """A function gets the parameters that it names, and the context if it has a place for it."""
    import inspect

    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return lambda: target(context)
    given: dict[str, Any] = {}
    first: list[Any] = []
    for name, parameter in signature.parameters.items():
        if name in values and parameter.kind is not parameter.POSITIONAL_ONLY:
            given[name] = values[name]
        elif name in ("ctx", "context") and parameter.kind is parameter.KEYWORD_ONLY:
            given[name] = context
        elif (
            not first
            and not given
            and parameter.kind
            in (
                parameter.POSITIONAL_ONLY,
                parameter.POSITIONAL_OR_KEYWORD,
            )
        ):
            first = [context]
        elif parameter.kind is parameter.VAR_KEYWORD:
            given |= {each: value for each, value in values.items() if each not in given}
    try:
        signature.bind(*first, **given)
    except TypeError as error:
        raise JobMistake(f"{getattr(target, '__qualname__', target)} cannot be called: {error}") from None
    return lambda: target(*first, **given)


def result_of(returned: object) -> AttemptResult:
    """What a job returned, as it is recorded.

    Raises:
        JobMistake: it is no result.
    """
    if returned is None:
        return AttemptResult(succeeded=True)
    if isinstance(returned, Mapping):
        said = dict(returned)
        if unknown := [str(name)[:80] for name in said if name not in _MEMBERS]:
            raise JobMistake(f"it returned a mapping with {unknown[0]!r}: a result has {', '.join(_MEMBERS)}")
    elif hasattr(returned, "succeeded"):
        said = {name: getattr(returned, name) for name in _MEMBERS if hasattr(returned, name)}
    else:
        raise JobMistake(f"it returned {_kind(returned)}: a job returns a JobResult, or nothing")
    succeeded, message = said.get("succeeded", True), said.get("message") or ""
    if not isinstance(succeeded, bool) or not isinstance(message, str):
        wrong = "succeeded" if not isinstance(succeeded, bool) else "message"
        raise JobMistake(f"its result has {_kind(said[wrong])} as {wrong}")
    message = shortened(" ".join(message.split()), MESSAGE_MAX_CHARS)
    result = AttemptResult(
        succeeded=succeeded,
        error="" if succeeded else (message or "the job says that it did not succeed"),
        message=message,
        items_processed=_count(said, "items_processed"),
        items_failed=_count(said, "items_failed"),
        metrics=_metrics(said.get("metrics")),
    )
    if problem := result.problem():
        raise JobMistake(f"its result cannot be recorded: {problem}")
    return result


def _kind(value: object) -> str:
    return f"a value of the type {type(value).__name__}"


def _count(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise JobMistake(f"its result has {_kind(value)} as {name}, which takes a whole number")
    return int(value)


def _metrics(written: object) -> dict[str, int | float | bool | str]:
    if not written:
        return {}
    if not isinstance(written, Mapping):
        raise JobMistake(
            f"its result has {_kind(written)} as metrics, which takes a mapping of names to values"
        )
    found: dict[str, int | float | bool | str] = {}
    for name, value in written.items():
        if isinstance(value, bool | int | float | str):
            found[str(name)] = value
        elif hasattr(value, "__index__"):
            found[str(name)] = int(value)
        elif hasattr(value, "__float__"):
            found[str(name)] = float(value)
        else:
            raise JobMistake(
                f"its metric {str(name)[:80]} is {_kind(value)}: numbers, truth values and text are kept"
            )
    return found


class _Interruptible:
    """Calls `run` so that SIGTERM sets `ctx.cancelled` and, unless the job holds that off, ends it.

    A plain function is broken off where it is; a coroutine is cancelled, as asyncio does that.
    """

    def __init__(self, context: JobContext) -> None:
        self._context, self._pid = context, os.getpid()
        self._cancel: Callable[[], None] | None = None

    def call(self, run: Callable[[], Any]) -> Any:
        before = signal.signal(signal.SIGTERM, self._asked_to_stop)
        try:
            returned = run()
            if hasattr(returned, "__await__"):
                returned = self._awaited(returned)
            return returned
        finally:
            signal.signal(signal.SIGTERM, before)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        if os.getpid() != self._pid:  # a process that the job forked has nothing to tidy
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self._context.cancelled = True
        if not self._context.may_interrupt:
            return
        if self._cancel is not None:
            self._cancel()
            return
        raise JobCancelled("the run was asked to stop")

    def _awaited(self, awaitable: Any) -> Any:
        import asyncio

        async def work() -> Any:
            task = asyncio.current_task()
            loop = asyncio.get_running_loop()
            if task is not None:
                self._cancel = lambda: cast("None", loop.call_soon_threadsafe(task.cancel))
            try:
                return await awaitable
            except asyncio.CancelledError:
                if self._context.cancelled:
                    raise JobCancelled("the run was asked to stop") from None
                raise

        loop = asyncio.new_event_loop()
        try:
            asyncio.set_event_loop(loop)
            return loop.run_until_complete(work())
        finally:
            self._cancel = None
            _close(loop)


def _close(loop: Any) -> None:
    """End what a job left in its event loop; threads that do not end are told of later."""
    import asyncio
    import contextlib

    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    with contextlib.suppress(TimeoutError):
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=THREADS_S))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(asyncio.wait_for(loop.shutdown_default_executor(), THREADS_S))
    asyncio.set_event_loop(None)
    loop.close()


def threads_left() -> list[str]:
    """The names of threads that still work and that nobody told to end with the process (`daemon=True`)."""
    threading = sys.modules.get("threading")
    if threading is None:
        return []
    # Threads of a pool that is idle end when they are told that the interpreter does.
    end_pools = getattr(sys.modules.get("concurrent.futures.thread"), "_python_exit", None)
    if end_pools is not None:
        ending = threading.Thread(target=end_pools, daemon=True)
        ending.start()
        ending.join(THREADS_S)

    def others() -> list[Any]:
        main = threading.main_thread()
        return [each for each in threading.enumerate() if each is not main and not each.daemon]

    for each in others():
        each.join(THREADS_S / max(1, len(others())))
    return sorted(each.name for each in others())
