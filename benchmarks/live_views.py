"""What live pages cost: processor time of a scheduler with nobody looking and with 200 open pages, in turns.

`python -m benchmarks.live_views HOME` is the console that is looked at: its visitors are named by a header, since one
visitor may not have so many pages open.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.homes import COMMAND
from benchmarks.machine import cpu_s, on_cpu_s
from cli.console.access.policy import LOCAL_NAMES, Policy
from cli.console.application import console_application
from cli.console.listening import bound_socket
from cli.console.server import serve_console
from cli.console.site import Site
from scheduler.home import Home
from tests.support.home import write_config

VIEWS = 200
SCHEDULER_RATIO_MAX = 1.05
_VISITORS = 10
_CONFIG = "jobs:\n" + "".join(f"  job-{n}: {{command: 'true', every: 1s}}\n" for n in range(5))


def run(bench: Bench) -> list[Line]:
    """Measure: some seconds without a page, some with all of them, and again."""
    for_s, rounds = bench.of(1.0, 5.0, 10.0), bench.of(1, 3, 5)
    views = bench.of(20, VIEWS, VIEWS)
    alone, looked_at, console_costs = [], [], []
    with bench.room("live") as room, _processes(room) as (scheduler, console, path):
        for _ in range(rounds):
            alone.append(_cost(scheduler.pid, for_s))
            with _open_pages(path, views) as pages:
                begun = cpu_s(console.pid)
                looked_at.append(_cost(scheduler.pid, for_s, pages))
                console_costs.append((cpu_s(console.pid) - begun) / for_s)
    ratio = median(looked_at) / median(alone)
    return [
        Line(
            f"the scheduler, 15 entries a second, {views} live pages open",
            f"{100 * median(looked_at):.2f} % of a core",
            f"nobody looks {100 * median(alone):.2f} %",
            ratio,
            f"≤ {SCHEDULER_RATIO_MAX} times it",
            ratio <= SCHEDULER_RATIO_MAX,
        ),
        Line("the console meanwhile", f"{number(100 * median(console_costs))} % of a core"),
    ]


def _cost(pid: int, for_s: float, pages: list[socket.socket] | None = None) -> float:
    """The share of a core that a process takes while pages take what they are sent; they must be sent something."""
    taken = 0
    before, until = on_cpu_s(pid), time.monotonic() + for_s
    give_up = until + _PATIENCE_S
    while (left := until - time.monotonic()) > 0 or (
        pages and taken < len(pages) and time.monotonic() < give_up
    ):
        left = max(left, 0.1)
        for page in select.select(pages or [], [], [], left)[0]:
            taken += page.recv(65_536).count(b"event: entry")
    assert pages is None or taken >= len(pages), "every page hears of entries"
    return (on_cpu_s(pid) - before) / (for_s + max(0.0, time.monotonic() - until))


@contextlib.contextmanager
def _processes(room: Path) -> Iterator[tuple[subprocess.Popen[bytes], subprocess.Popen[bytes], str]]:
    """A scheduler and a console that are at work, and the path of the console's socket."""
    home = Home(room / "home")
    home.root.mkdir()
    write_config(home.root, _CONFIG)
    path = str(room / "c.sock")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen([COMMAND, "--home", str(home.root), "serve"], **quiet)  # type: ignore[call-overload]
    while not list(home.ledger.glob("*.jsonl")):
        time.sleep(0.1)
    console = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.live_views", str(home.root), path],
        **quiet,  # type: ignore[call-overload]
    )
    try:
        while not Path(path).exists():
            time.sleep(0.1)
        time.sleep(2)
        yield scheduler, console, path
    finally:
        for process in (console, scheduler):
            process.terminate()
            process.wait()


@contextlib.contextmanager
def _open_pages(path: str, count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        pages = []
        for number_of in range(count):
            page = stack.enter_context(socket.socket(socket.AF_UNIX))
            page.connect(path)
            page.sendall(
                f"GET /live HTTP/1.1\r\nHost: localhost\r\nX-Visitor: {number_of % _VISITORS}\r\n\r\n".encode()
            )
            pages.append(page)
        for page in pages:
            assert page.recv(65_536).startswith(b"HTTP/1.1 200"), "the page is live"
        yield pages


_PATIENCE_S = 60.0
"""So much longer a busy machine may take to tell every page of something."""
_ASKING = Policy(
    local=False,
    hosts=frozenset(LOCAL_NAMES),
    owner=os.getuid(),
    proxies=frozenset({""}),
    proxy_header="x-visitor",
)
"""Whoever reaches the socket of a measurement is who his header says: a Unix socket has no addresses."""


def _from_nowhere(application: ASGIApp) -> ASGIApp:
    """A console, every request to which has an address that is none."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "client": ("", 0)}, receive, send)

    return answer


if __name__ == "__main__":
    site = Site(Home(Path(sys.argv[1])), "UTC")
    serve_console(
        _from_nowhere(console_application(site, _ASKING)),
        bound_socket(f"unix:{sys.argv[2]}"),
        site.end,
        lambda _: None,
    )
