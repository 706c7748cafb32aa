"""Pages of the console: how long each takes with a long history and a short one, its bytes, and how many a second.

The application is asked within this process, as uvicorn does, from what a browser sends to the last byte. Each page
is asked for anew: between two questions lies a second, after which a page that was kept is none any more. The homes
take turns in being the first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode

from starlette.testclient import TestClient

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import generate, long_home
from benchmarks.searching import DAY, home_of_logs
from cli.console.access.policy import LOCAL_NAMES, Policy
from cli.console.application import console_application
from cli.console.site import Site
from scheduler.home import Home
from scheduler.store import open_store

TAKEN_MS_MAX = 150.0
MONTH_MS_MAX = 1_000.0
RATIO_MAX = 1.3
BYTES_MAX = 100_000
REQUESTS_PER_S_MIN = 300
WHY: Final = "/jobs/job-007/why"
PAGES = (
    "/",
    "/jobs",
    "/jobs?sort=next&state=enabled",
    "/metrics",
    "/jobs/job-007",
    "/jobs/job-007/history",
    "/jobs/job-007/changes",
    WHY,
)
DAY_PAGE: Final = "/time"
"""Of it the aim has no ratio: ten thousand entries fill no day."""
_PACKED = {"Accept-Encoding": "gzip", "X-Forwarded-User": "bench"}
_ASKING = Policy(
    local=False, hosts=frozenset(LOCAL_NAMES), owner=os.getuid(), proxies=frozenset({"testclient"})
)
"""Whoever asks within this process is somebody of whom a proxy speaks."""


class Asked(NamedTuple):
    """A home that is asked for a page: whom, its address there, and how the home is called."""

    client: TestClient
    page: str
    home: str


def run(bench: Bench) -> list[Line]:
    """Measure both homes, in turns; then the homes that are long in another way."""
    few, many = bench.of(600, 10_000, 10_000), bench.of(1_200, 100_000, 10_000_000)
    with bench.room("console") as room:
        short, long = Home(room / "short"), long_home(bench, many)
        generate(short, few)
        with _clients(short, long) as clients:
            names = f"{few:,} entries", f"{many:,} entries"
            lines = []
            for page in PAGES:
                asked = [
                    Asked(client, _at(home) if page == WHY else page, name)
                    for client, home, name in zip(clients, (short, long), names, strict=True)
                ]
                # A short past is less than the segment that is folded of a long one.
                ratio_max = None if page == WHY else RATIO_MAX
                lines.append(_page(bench, asked, f"`{page}`", TAKEN_MS_MAX, ratio_max))
            asked = [Asked(clients[1], DAY_PAGE, names[1])]
            lines.append(_page(bench, asked, f"`{DAY_PAGE}`, a day", TAKEN_MS_MAX))
            lines.append(_requests(bench, clients[1], many))
        return [*lines, *_month(bench), *_many_jobs(bench, room), *_logs(bench, room)]


def _month(bench: Bench) -> list[Line]:
    """All jobs of a home on one axis of a month."""
    entries, jobs = bench.of(1_200, 100_000, 8_640_000), bench.of(20, 100, 1_000)
    home = long_home(bench, entries, jobs=jobs, every_minutes=15)
    with _clients(home) as (client,):
        name = f"{jobs:,} jobs, {entries:,} entries"
        return [_page(bench, [Asked(client, "/time?from=31d&to=1h", name)], "`/time`, a month", MONTH_MS_MAX)]


def _many_jobs(bench: Bench, room: Path) -> list[Line]:
    """What tells of all jobs, where these are many."""
    jobs = bench.of(20, 1_000, 10_000)
    home = Home(room / "wide")
    generate(home, 3 * jobs, jobs=jobs)
    with _clients(home) as (client,):
        return [
            _page(bench, [Asked(client, page, f"{jobs:,} jobs")], f"`{page}`", TAKEN_MS_MAX)
            for page in ("/", "/jobs", "/metrics")
        ]


def _logs(bench: Bench, room: Path) -> list[Line]:
    """The newest entries of a long day of logs."""
    count = bench.of(2_000, 100_000, 1_000_000)
    with _clients(home_of_logs(room / "logs", count)) as (client,):
        page = f"/logs?until={DAY + timedelta(days=1):%Y-%m-%d}"
        return [
            _page(bench, [Asked(client, page, f"{count:,} log entries of a day")], "`/logs`", TAKEN_MS_MAX)
        ]


@contextmanager
def _clients(*homes: Home) -> Iterator[list[TestClient]]:
    sites = [Site(home, "UTC") for home in homes]
    try:
        yield [TestClient(console_application(site, _ASKING), "http://localhost") for site in sites]
    finally:
        for site in sites:
            site.close()


def _at(home: Home) -> str:
    """Why at an instant in the middle of the past."""
    with closing(open_store(home)) as store:
        middle = store.head().seq // 2
        instant: datetime = next(store.read(middle, middle)).time
    return f"{WHY}?{urlencode({'at': f'{instant:%Y-%m-%dT%H:%MZ}'})}"


def _page(
    bench: Bench, asked: Sequence[Asked], what: str, limit_ms: float, ratio_max: float | None = None
) -> Line:
    """The last home's page, with that of the first one if there are two."""
    taken_ms: list[list[float]] = [[] for _ in asked]
    size = 0
    for each in asked:
        each.client.get(each.page, headers=_PACKED)  # what is opened once for all questions
    for turn in range(bench.of(1, 7, 15)):
        time.sleep(bench.of(0, 1, 1))
        order = list(zip(asked, taken_ms, strict=True))
        for (client, page, _), values in order if turn % 2 else order[::-1]:
            begun_s = time.perf_counter()
            with client.stream("GET", page, headers=_PACKED) as answer:
                content = b"".join(answer.iter_raw())
            values.append((time.perf_counter() - begun_s) * 1_000)
            assert answer.status_code == 200, f"{page}: {answer.status_code}"
            size = max(size, len(content))
    reference, mine = median(taken_ms[0]), median(taken_ms[-1])
    ratio = mine / reference if len(asked) > 1 else None
    limits = [f"≤ {limit_ms:,.0f} ms", f"≤ {BYTES_MAX:,} bytes"]
    if ratio_max is not None:
        limits.insert(1, f"≤ {ratio_max} times it")
    return Line(
        f"console {what}, {asked[-1].home}",
        f"{number(mine)} ms, {size:,} bytes",
        f"{asked[0].home} {number(reference)} ms" if ratio is not None else "",
        ratio,
        ", ".join(limits),
        mine <= limit_ms and size <= BYTES_MAX and (ratio is None or ratio <= (ratio_max or ratio)),
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
