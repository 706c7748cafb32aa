"""`python -m tests.browser.served_console FOLDER`: a home with all sorts of runs and hostile names, and its console.

Prints one line of JSON: where it listens, and some lengths of time with the words that commands have for them. Then
each line on standard input has one more entry recorded; it ends with its input.
"""

from __future__ import annotations

import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.console.listening import bound_socket, shown_address
from cli.console.server import serve_console
from cli.console.site import Site
from cli.times.show import show_relative
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.console import anybodys_console
from tests.support.home import LiveHome, record, write_config
from tests.support.random_runs import fill

HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\"'\x1b[2J\u202e" + "x" * 500
)
_CONFIG = """\
defaults: {timezone: Europe/Paris}
jobs:
  alpha: {command: "true", schedule: "* * * * *", tags: [reports]}
  beta: {command: "true", schedule: "* * * * *", description: "<script>window.hacked = 1</script> copies it"}
  gamma: {command: "true", schedule: "* * * * *"}
  hostile:
    command: "printf '<script>window.hacked = 1</script>\\\\033[2J'; echo '<img src=x onerror=alert(1)>' >&2; exit 3"
    on_demand: true
"""
_RUNS = 300
_SECONDS = (0, 0.5, 1, 59, 60, 119, 3_599, 3_600, 7_260, 10_800, 86_399, 86_400, 180_000, 400_000)


def made_home(folder: Path) -> Home:
    """A home that has seen something."""
    folder.mkdir(parents=True)
    live = LiveHome(folder)
    fill(live, _RUNS)
    write_config(folder, _CONFIG)
    for asked in (
        ("jobs", "disable", "beta", "--reason", HOSTILE[:200].replace("\x1b", "").replace("\u202e", "")),
        ("jobs", "run", "hostile"),
    ):
        live.run(*asked)
    return Home(folder)


def main(folder: Path) -> None:
    """Serve until the input ends."""
    home = made_home(folder)
    site = Site(home, "UTC")
    listening = bound_socket("127.0.0.1:0")
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    words = [
        [(now + sign * timedelta(seconds=seconds)).timestamp(), now.timestamp(), show_relative(at, now)]
        for seconds in _SECONDS
        for sign in (-1, 1)
        for at in [now + sign * timedelta(seconds=seconds)]
    ]
    print(json.dumps({"address": shown_address(listening), "words": words}), flush=True)

    def obey(stop: object) -> None:
        def read() -> None:
            for _ in sys.stdin:
                record(home, v.event(v.JobDisabled(reason=HOSTILE), "user:ann@host", job="gamma"))
                print("recorded", flush=True)
            assert callable(stop)
            stop()

        threading.Thread(target=read, daemon=True).start()

    serve_console(anybodys_console(site), listening, site.end, obey)
    site.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
