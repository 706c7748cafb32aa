"""Visits to pages: what a browser found wrong on each, at each width and in each light, with a picture of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-not-found]

WIDTHS: Final = (390, 1280)
LIGHTS: Final = ("light", "dark")
_PAGES_MAX: Final = 60
_GRAVE: Final = ("serious", "critical")


def pages_of(page: Any, address: str) -> list[str]:
    """One address of each kind that is reached by links from the first page, its parameters left out."""
    found = {
        each: each for each in ("/", "/no/such/page", "/as-of/20/", "/as-of/20/jobs", "/as-of/20/jobs/alpha")
    }
    waiting = ["/", "/jobs/hostile", "/runs"]
    found["/jobs/*"] = "/jobs/hostile"
    # No link leads to the one, and of the other only the form has an address without a question.
    found["/sign-in"] = "/sign-in"
    found["/audit, a report"] = "/audit?from=2026-03-01&to=2026-03-02"
    while waiting and len(found) < _PAGES_MAX:
        page.goto(address + waiting.pop(0))
        for link in page.eval_on_selector_all(
            "a[href]:not([download])", "all => all.map(a => a.getAttribute('href'))"
        ):
            path = link.split("#")[0]
            kind = re.sub(r"/jobs/[^/?]+", "/jobs/*", re.sub(r"/\d+", "/*", path.split("?")[0]))
            if (
                path.startswith("/")
                and not path.startswith("/as-of/")
                and kind not in found
                and not kind.endswith(("/line", "/stdout", "/stderr", ".txt"))
            ):
                found[kind] = path
                waiting.append(path)
    return list(found.values())


def visit(page: Any, address: str, path: str, picture: Path) -> list[str]:
    """What is wrong on a page."""
    wrong: list[str] = []

    def complained(message: Any) -> None:
        if message.type == "error" and "the server responded with a status of 404" not in message.text:
            wrong.append(f"the console of the browser says: {message.text}")

    def asked(request: Any) -> None:
        if not request.url.startswith((address, "data:")):
            wrong.append(f"it asks elsewhere: {request.url}")

    def failed(error: Any) -> None:
        wrong.append(f"a script failed: {error}")

    page.on("console", complained)
    page.on("request", asked)
    page.on("pageerror", failed)
    try:
        page.goto(address + path)
        page.wait_for_timeout(150)
        page.screenshot(path=picture, full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            wrong.append("it is wider than the screen: " + page.evaluate(_WIDEST))
        if page.evaluate("window.hacked !== undefined"):
            wrong.append("a name or reason was run as a script")
        for found in Axe().run(page).response["violations"]:
            if found["impact"] in _GRAVE:
                places = "; ".join(node["html"][:160] for node in found["nodes"][:3])
                wrong.append(f"axe, {found['impact']}: {found['help']}: {places}")
    finally:
        page.remove_listener("console", complained)
        page.remove_listener("request", asked)
        page.remove_listener("pageerror", failed)
    return wrong


_WIDEST: Final = """
[...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > innerWidth + 1
  && !one.closest(".wide, nav ul, .visually-hidden, pre")).slice(0, 3)
  .map(one => one.outerHTML.slice(0, 120)).join(" ; ")
"""


def keyboard(page: Any, address: str) -> list[str]:
    """What is wrong for somebody who has no mouse: the way through the first page by Tab."""
    wrong: list[str] = []
    page.goto(address + "/")
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.className") != "skip":
        wrong.append("the first stop is not the link that skips the navigation")
    page.keyboard.press("Enter")
    if page.evaluate("document.activeElement.id") != "main":
        wrong.append("the link that skips the navigation does not lead to the page")
    page.goto(address + "/")
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input, select, summary, textarea, [tabindex=\"0\"]')]"
        ".filter(one => one.checkVisibility() && one.type !== 'hidden' && !one.disabled).length"
    )
    seen = 0
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        seen += 1
        if page.evaluate("getComputedStyle(document.activeElement).outlineStyle === 'none'"):
            wrong.append(
                "no visible focus: " + page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
            )
    if seen < wanted:
        wrong.append(f"Tab reaches {seen} of {wanted} elements")
    summary = page.locator("footer summary").first
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    if page.evaluate(
        "document.querySelector('footer details').open || document.activeElement.tagName !== 'SUMMARY'"
    ):
        wrong.append("Escape does not close what was opened, or loses the place")
    return wrong


def without_script(page: Any, plain: Any, address: str, path: str) -> list[str]:
    """What is missing on a page where scripts are switched off."""
    texts = []
    for each in (plain, page):
        each.goto(address + path)
        text = each.locator("main").inner_text()
        texts.append(
            re.sub(r"\s+", " ", re.sub(r"\b(in )?\d+ (s|min|h|d)\b( ago)?|now|\d\d:\d\d:\d\d", "", text))
        )
    return [] if texts[0][:2_000] == texts[1][:2_000] else ["it says less without scripts"]
