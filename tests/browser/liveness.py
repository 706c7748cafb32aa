"""What is live: entries are seen as they come, never under somebody's hands, and not while live is paused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PATIENCE_MS = 20_000
_LOOK_MS = 50
_REST_MS = 3_500
"""So long a page is watched that is not to change: longer than any of its delays."""


def live_updates(page: Any, address: str, record: Callable[[], None]) -> list[str]:
    """What is wrong with pages that listen.

    Args:
        page: a page of the browser.
        address: of the console.
        record: has an entry recorded.
    """
    wrong: list[str] = []
    page.goto(address + "/ledger")
    wait(page, "document.querySelector('#live').dataset.state === 'live'")
    page.mouse.move(1, 1)
    before = page.inner_text("main")
    record()
    wait(page, "document.querySelector('#live .words').innerText.startsWith('Live, at')")
    wait_for(page, lambda: page.inner_text("main") != before)
    if "gamma disabled" not in page.inner_text("main [data-live]"):
        wrong.append("a new entry is not shown")
    wrong += _held(page, record)
    wrong += _paused(page, record)
    wrong += _form(page, address, record)
    return wrong


def wait(page: Any, condition: str) -> None:
    """Wait until something is so in the page; the browser's own waiting would need `eval`, which pages forbid."""
    wait_for(page, lambda: page.evaluate(condition))


def wait_for(page: Any, is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(_PATIENCE_MS // _LOOK_MS):
        if is_so():
            return
        page.wait_for_timeout(_LOOK_MS)
    raise TimeoutError(f"it was never so on {page.url}")


def _held(page: Any, record: Callable[[], None]) -> list[str]:
    """A link in a region has the focus: it stays the same element until "Show" is pressed."""
    wrong = []
    page.evaluate("window.held = document.querySelector('[data-live] a'); held.focus()")
    record()
    wait(page, "!document.querySelector('#live .show').hidden")
    page.wait_for_timeout(_REST_MS)
    if not page.evaluate("held.isConnected && document.activeElement === held"):
        wrong.append("what had the focus was swapped")
    page.click("#live .show")
    wait(page, "!held.isConnected")
    return wrong


def _paused(page: Any, record: Callable[[], None]) -> list[str]:
    wrong = []
    page.click("#live .pause")
    if page.get_attribute("#live .pause", "aria-pressed") != "true":
        wrong.append("the button that pauses does not say that it is pressed")
    page.evaluate("document.activeElement.blur()")
    before = page.inner_text("main")
    record()
    page.wait_for_timeout(_REST_MS)
    if page.inner_text("main") != before:
        wrong.append("a page that is paused was renewed")
    page.reload()
    if page.get_attribute("#live .pause", "aria-pressed") != "true":
        wrong.append("that live is paused is forgotten by the next page")
    page.click("#live .pause")
    wait(page, "document.querySelector('#live').dataset.state === 'live'")
    return wrong


def _form(page: Any, address: str, record: Callable[[], None]) -> list[str]:
    """A form that is being filled keeps what was typed."""
    page.goto(address + "/jobs")
    wait(page, "document.querySelector('#live').dataset.state === 'live'")
    field = page.locator("main input").first
    field.focus()
    page.keyboard.type("alp")
    record()
    page.wait_for_timeout(_REST_MS)
    kept = field.input_value() == "alp" and page.evaluate("document.activeElement.tagName === 'INPUT'")
    return [] if kept else ["a form that was being filled was swapped"]
