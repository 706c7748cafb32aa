"""`python -m benchmarks [NAME…] [--quick]`: run all comparisons or some, and print one table at the end."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import tempfile
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Line, show
from benchmarks.machine import describe
from benchmarks.peers import install, versions

PROGRAMS = (
    "appends",
    "verification",
    "tree",
    "herd",
    "python_jobs",
    "asking",
    "starting",
    "catching_up",
    "listing",
    "console",
    "live_views",
    "grouping",
    "searching",
    "many_jobs",
    "turns",
    "cluster",
)


def main() -> None:
    """Run them; exit code 1 if an aim was not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(PROGRAMS)}")
    parser.add_argument(
        "--quick", action="store_true", help="minutes instead of half an hour; smaller ledgers"
    )
    parser.add_argument("--no-peers", action="store_true", help="without what would have to be installed")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="a folder on a local disk")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(PROGRAMS))
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are: {', '.join(PROGRAMS)}")
    peers = None
    if not options.no_peers:
        try:
            peers = install()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"Measuring without APScheduler, cronstable and cron: they cannot be installed ({error}).")
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="cronledger-bench-", dir=options.folder) as folder:
        bench = Bench(Path(folder), "quick" if options.quick else "full", peers)
        bench.keep_apart()
        machine = describe(bench.folder)
        for name in options.names or PROGRAMS:
            print(f"{name} ...", flush=True)
            lines += importlib.import_module(f"benchmarks.{name}").run(bench)
    show(lines, machine if peers is None else f"{machine}; {versions(peers)}")
    raise SystemExit(any(line.reached is False for line in lines))


if __name__ == "__main__":
    main()
