"""`make test-browser`: every page of the console in headless Chromium, at two widths, light and dark.

Pictures of all pages are left in a folder, to be looked at. Fails if anything is wrong on a page.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright  # type: ignore[import-not-found]

from tests.browser.liveness import live_updates
from tests.browser.visits import LIGHTS, WIDTHS, keyboard, pages_of, visit, without_script

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(os.environ.get("PICTURES") or ROOT / ".venvs" / "browser" / "pictures")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Look at everything; 1 if something is wrong, 2 if there is no browser."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print(
            "no Chromium here: install it (apt-get install chromium), or name it with CHROMIUM=PATH",
            file=sys.stderr,
        )
        return 2
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with TemporaryDirectory() as folder:
        served = subprocess.Popen(
            [ROOT / ".venv" / "bin" / "python", "-m", "tests.browser.served_console", f"{folder}/home"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert served.stdout is not None
            told = json.loads(served.stdout.readline())
            wrong = _looked(program, told["address"].rstrip("/"), told["words"], served)
        finally:
            served.communicate()
    counted = Counter(what for _, what in wrong)
    for what, times in counted.items():
        where = next(place for place, each in wrong if each == what)
        print(f"{where}{f' and {times - 1} more' if times > 1 else ''}: {what}")
    print(f"{len(counted)} findings; pictures in {PICTURES}")
    return 1 if wrong else 0


def _looked(program: str, address: str, words: list[Any], served: Any) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []

    def record() -> None:
        served.stdin.write("one\n")
        served.stdin.flush()
        served.stdout.readline()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        first = browser.new_page()
        paths = pages_of(first, address) if not os.environ.get("PAGES") else os.environ["PAGES"].split()
        print(f"{len(paths)} pages", flush=True)
        for width in WIDTHS:
            for light in LIGHTS:
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=light, reduced_motion="reduce"
                )
                page = context.new_page()
                for path in paths:
                    name = (
                        f"{re.sub(r'[^a-z0-9]+', '-', path.lower()).strip('-')[:60] or 'now'}-{width}-{light}"
                    )
                    found = visit(page, address, path, PICTURES / f"{name}.png")
                    wrong += [(f"{path} ({width}, {light})", each) for each in found]
                context.close()
        plain = browser.new_context(java_script_enabled=False).new_page()
        for path in paths:
            wrong += [(path, each) for each in without_script(first, plain, address, path)]
        wrong += [("keyboard", each) for each in keyboard(first, address)]
        try:
            wrong += [("live", each) for each in live_updates(first, address, record)]
        except TimeoutError as problem:
            wrong.append(("live", str(problem)))
        for instant, now, text in words:
            shown = first.evaluate("([at, now]) => consoleRelative(at * 1000, now * 1000)", [instant, now])
            if shown != text:
                wrong.append(("times.js", f"says {shown!r} where commands say {text!r}"))
        browser.close()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
