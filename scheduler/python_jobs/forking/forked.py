"""A process that the fork server forked: it becomes what a started one is, and runs its attempt when it may begin.

What it becomes is what `posix_spawn` and a fresh interpreter make: a session of its own, three descriptors, exactly
the environment that it was given, `sys.argv`, `__main__`; and it ends as an interpreter ends.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import importlib.util
import io
import itertools
import os
import select
import socket
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from scheduler.python_jobs import __main__ as program
from scheduler.python_jobs.attempt_result import AttemptResult
from scheduler.python_jobs.forking.fork_messages import (
    BEGUN,
    DESCRIPTORS,
    GO,
    SHOWN,
    ForkReply,
    ForkRequest,
    receive,
    say,
)
from scheduler.python_jobs.forking.process_image import ProcessImage
from scheduler.python_jobs.request import JobRequest

REHEARSE_AFTER_S: Final = 0.1
"""While much is asked for there is no time to rehearse."""
_NOT_FLUSHED: Final = 120
"""The exit code of an interpreter that cannot write what was printed."""


_FILE: Final = io.IOBase.__mro__[1]
"""What all files are, and no abstract class, which would look for what each type is registered as."""

_EXAMPLE: Final = JobRequest(
    target="extensions/rehearsal/jobs.py:Rehearsal", home="", job="", run=0, attempt=0, trigger="", result=""
)

_imported: frozenset[str] = frozenset()
_last_imported = ""


def prepare() -> None:
    """Have what is found out when it is needed first found out before any fork; the server imports nothing later."""
    for example in (_EXAMPLE, ForkRequest(number=0, argv=[], env={}, working_directory=""), AttemptResult()):
        msgspec.json.decode(msgspec.json.encode(example), type=type(example))
    importlib.util.find_spec("a_module_that_is_not_there")  # lists the folders where imports are looked for
    global _imported, _last_imported
    _imported, _last_imported = frozenset(sys.modules), next(reversed(sys.modules))


def wait_and_begin(connection: socket.socket, image: ProcessImage, takes: int, between: int) -> NoReturn:
    """Wait for a request, become the process of its attempt, and run that when the scheduler says so; never returns.

    Args:
        connection: to the scheduler; image: what is shown of this process.
        takes: where is said that this process has taken a request.
        between: the parent, which ends: only then is this process a child of the scheduler.
    """
    number, descriptors = 0, list[int]()
    try:
        image.show("cronledger job that has not begun", {}, ())
        if not select.select([connection], [], [], REHEARSE_AFTER_S)[0]:
            rehearse()
        while os.getppid() == between:
            time.sleep(0.0002)
        raw, descriptors = receive(connection)
        if not raw:
            os._exit(0)
        os.write(takes, b"t")
        os.close(takes)
        request = msgspec.json.decode(raw, type=ForkRequest)
        number = request.number
        _become(request, image, descriptors)
        say(connection, ForkReply(what="ready", number=number, pid=os.getpid()))
    except BaseException:  # noqa: BLE001 - whatever it is, the attempt is started otherwise
        with contextlib.suppress(BaseException):
            say(connection, ForkReply(what="refused", number=number))
        os._exit(1)
    try:
        connection.close()
        may_begin = os.read(descriptors[2], 1) == GO
        os.close(descriptors[2])
    except BaseException:  # noqa: BLE001 - a signal, say: nothing has begun
        may_begin = False
    if not may_begin:
        os._exit(1)
    _run(request)


def rehearse() -> None:
    """Go through what an attempt goes through, with a job of our own, so that memory is copied now and not then.

    Nothing of it is left. It is only for the time that is saved later: whatever fails is of no matter.
    """
    home = Path(__file__).parent / "rehearsal"
    with contextlib.suppress(Exception):
        path, request = list(sys.path), msgspec.structs.replace(_EXAMPLE, home=str(home))
        try:
            program.attempt_of(request, os.environ, home)
        finally:
            sys.path[:] = path
            for name in [name for name in sys.path_importer_cache if name.startswith(str(home))]:
                del sys.path_importer_cache[name]
            for name in ("rehearsal.jobs", "rehearsal"):
                sys.modules.pop(name, None)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it goes out of use
                asyncio.set_event_loop_policy(None)  # the one that there is has had a loop
    gc.freeze()


def _become(request: ForkRequest, image: ProcessImage, descriptors: Sequence[int]) -> None:
    if len(descriptors) != DESCRIPTORS:
        raise ValueError("there are no descriptors left to take them")
    os.setsid()
    for stream, descriptor in enumerate(descriptors[:2], start=1):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    os.chdir(request.working_directory)
    _take_environment(request.env)
    begun = f"{time.clock_gettime(time.CLOCK_BOOTTIME):.3f}"
    image.show(
        f"cronledger job {request.env.get('CRONLEDGER_JOB', '')}", {**request.env, BEGUN: begun}, SHOWN
    )


def _take_environment(env: Mapping[str, str]) -> None:
    zone = os.environ.get("TZ")
    # In the C locale an interpreter sets LC_CTYPE for itself when it begins (PEP 538).
    coerced = (
        {} if "LC_CTYPE" in env or "LC_CTYPE" not in os.environ else {"LC_CTYPE": os.environ["LC_CTYPE"]}
    )
    wanted = {**env, **coerced}
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:  # most are the server's: each that is set copies memory
            os.environ[name] = value
    if env.get("TZ") != zone:
        time.tzset()


def _run(request: ForkRequest) -> NoReturn:
    code = program.FAILED
    try:
        sys.argv[:] = [program.__file__, *request.argv[4:]]
        sys.orig_argv[:] = request.argv
        sys.modules["__main__"] = program
        program.print_at_once()
        code = program.main(sys.argv[1:], os.environ)
    except BaseException:  # noqa: BLE001 - as an interpreter tells of what nobody caught
        sys.excepthook(*sys.exc_info())
    finally:
        _end(code)


def _end(code: int) -> NoReturn:
    """End as an interpreter does: threads, `atexit`, what the job's modules hold, what was printed."""
    try:
        with contextlib.suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - what the interpreter itself calls
        atexit._run_exitfuncs()  # noqa: SLF001 - the same
        _write_what_stands_in_buffers()
        _let_go_of_modules()
    except BaseException:  # noqa: BLE001 - what is left of a job at its end may raise anything
        sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            code = _NOT_FLUSHED if stream is sys.stdout and code == program.SUCCEEDED else code
    os._exit(code)


def _write_what_stands_in_buffers() -> None:
    """Files that a job has left open are written: those in a cycle may be closed before by a collection."""
    for each in gc.get_objects():  # without what was frozen: those that this process has made
        if issubclass(type(each), _FILE):
            with contextlib.suppress(Exception):
                each.flush()


def _let_go_of_modules() -> None:
    """Let go of what the job has imported: what nothing holds goes as it is, then what is left is emptied."""
    # They stand behind the others, which are not to be touched: whatever is looked at is copied.
    last = itertools.takewhile(lambda name: name != _last_imported, reversed(sys.modules))
    left = [weakref.ref(sys.modules.pop(name)) for name in [name for name in last if name not in _imported]]
    gc.collect()
    for module in [module for each in left if (module := each()) is not None]:
        vars(module).clear()
    if left:
        gc.collect()
