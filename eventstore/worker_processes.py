"""The same work on many things, by several processes where that pays, with the results in order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def done_by_processes(
    work: Callable[[_Task], _Result], tasks: Sequence[_Task], workers: int | None, *, is_much: bool
) -> Iterator[_Result]:
    """The results of the tasks, in order; what a killed process was to do is done in this one.

    Args:
        work: a function of a module, called with one task; what it raises is raised here.
        tasks: what is to be done; these and the results are passed between processes.
        workers: how many processes do it, if there are so many tasks; None: one for each processor, if it is much.
        is_much: whether it takes longer than processes take to start.
    """
    processes = min(workers or len(os.sched_getaffinity(0)), len(tasks))
    if processes < 2 or (workers is None and not is_much):
        yield from map(work, tasks)
        return
    # The import stands here because it takes longer than the work on a small ledger.
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # A fork is quickest. If there are threads, a fork would copy their locks in any state; then a server forks.
    method = "fork" if threading.active_count() == 1 else "forkserver"
    with ProcessPoolExecutor(processes, mp_context=get_context(method)) as pool:
        futures = [pool.submit(work, task) for task in tasks]
        finished = False
        try:
            for task, future in zip(tasks, futures, strict=True):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    # A process was killed, perhaps for lack of memory: without the others, this one needs less.
                    yield work(task)
            finished = True
        finally:
            # With all done there is nothing to wait for but the ends of the processes, and no thread is left then.
            pool.shutdown(wait=finished, cancel_futures=True)
