"""Pages of the console: how long each takes with a long history and a short one, its bytes, and how many a second.

The application is asked within this process, as uvicorn does, from what a browser sends to the last byte. Each page
is asked for anew: between two questions lies a second, after which a page that was kept is none any more.
"""

from __future__ import annotations

import os
import time

from starlette.testclient import TestClient

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import generate, long_home
from cli.console.access.policy import LOCAL_NAMES, Policy
from cli.console.application import console_application
from cli.console.site import Site
from scheduler.home import Home

TAKEN_MS_MAX = 150.0
RATIO_MAX = 1.3
BYTES_MAX = 100_000
REQUESTS_PER_S_MIN = 300
PAGES = (
    "/",
    "/jobs",
    "/jobs?sort=next&state=enabled",
    "/jobs/job-007",
    "/jobs/job-007/history",
    "/jobs/job-007/changes",
)
_PACKED = {"Accept-Encoding": "gzip", "X-Forwarded-User": "bench"}
_ASKING = Policy(
    local=False, hosts=frozenset(LOCAL_NAMES), owner=os.getuid(), proxies=frozenset({"testclient"})
)
"""Whoever asks within this process is somebody of whom a proxy speaks."""


def run(bench: Bench) -> list[Line]:
    """Measure both homes, in turns."""
    few, many = bench.of(600, 10_000, 10_000), bench.of(1_200, 100_000, 10_000_000)
    with bench.room("console") as room:
        short, long = Home(room / "short"), long_home(bench, many)
        generate(short, few)
        sites = Site(short, "UTC"), Site(long, "UTC")
        try:
            clients = [TestClient(console_application(site, _ASKING), "http://localhost") for site in sites]
            lines = [_page(bench, page, clients, few, many) for page in PAGES]
            return [*lines, _requests(bench, clients[1], many)]
        finally:
            for site in sites:
                site.close()


def _page(bench: Bench, page: str, clients: list[TestClient], few: int, many: int) -> Line:
    taken_ms: list[list[float]] = [[] for _ in clients]
    size = 0
    for client in clients:
        client.get(page, headers=_PACKED)  # what is opened once for all questions
    for _ in range(bench.of(1, 7, 15)):
        time.sleep(1)
        for client, values in zip(clients, taken_ms, strict=True):
            begun_s = time.perf_counter()
            with client.stream("GET", page, headers=_PACKED) as answer:
                size = len(b"".join(answer.iter_raw()))
            values.append((time.perf_counter() - begun_s) * 1_000)
            assert answer.status_code == 200, f"{page}: {answer.status_code}"
    reference, mine = median(taken_ms[0]), median(taken_ms[1])
    return Line(
        f"console `{page}`, {many:,} entries",
        f"{number(mine)} ms, {size:,} bytes",
        f"{few:,} entries {number(reference)} ms",
        mine / reference,
        f"≤ {TAKEN_MS_MAX:.0f} ms, ≤ {RATIO_MAX} times it, ≤ {BYTES_MAX:,} bytes",
        mine <= TAKEN_MS_MAX and mine / reference <= RATIO_MAX and size <= BYTES_MAX,
    )


def _requests(bench: Bench, client: TestClient, many: int) -> Line:
    """Requests of the page of now, one after another, in this process: the server's own work comes on top."""
    count = bench.of(20, 1_000, 3_000)
    begun_s = time.perf_counter()
    for _ in range(count):
        client.get("/", headers=_PACKED)
    per_s = count / (time.perf_counter() - begun_s)
    return Line(
        f"console `/`, {many:,} entries, requests one after another",
        f"{number(per_s)}/s",
        aim=f"≥ {REQUESTS_PER_S_MIN}/s",
        reached=per_s >= REQUESTS_PER_S_MIN,
    )
