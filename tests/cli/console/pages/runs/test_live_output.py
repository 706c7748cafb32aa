"""The output of a run that goes on, on open pages: so many and no more, and only for who may look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from cli.console.access.credentials import Credentials
from cli.console.live import event_stream
from cli.console.pages.runs import live_output
from cli.console.site import Site
from tests.support.console import Page, console, owners_console
from tests.support.live_view import LiveView, live_view
from tests.support.output import HandWritten

Scene = Callable[[Site, ASGIApp, str], Awaitable[None]]


@pytest.fixture
def home(tmp_path: Path) -> HandWritten:
    """A run that goes on, and has printed a line."""
    made = HandWritten(tmp_path)
    made.define("nightly")
    made.put(made.begin(), b"one\n")
    return made


def play(home: HandWritten, monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    """Play a scene on the console of a home, and the address of the output of its run."""
    monkeypatch.setattr(live_output, "LOOK_S", 0.01)

    async def played() -> None:
        site = Site(home.home, "UTC")
        (run,) = home.started
        try:
            await scene(site, owners_console(site), f"/runs/{run}/output/1/stdout/live")
            assert site.output_views.total == 0, "a page that was closed counts for nothing"
        finally:
            site.close()

    asyncio.run(played())
    home.close()


async def texts(view: LiveView, wanted: str) -> str:
    """What is sent, up to a text."""
    told = ""
    while wanted not in told:
        told += (await view.next()).data["text"]
    return told


def test_pages_are_bounded(home: HandWritten, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a visitor, and of all, and who has no place is told when to try again."""

    async def scene(site: Site, console: ASGIApp, path: str) -> None:
        async with live_view(console, path=path) as view:
            assert await texts(view, "\n") == "one\n"
            for limit in ("most", "most_per_visitor"):
                before = getattr(site.output_views, limit)
                setattr(site.output_views, limit, 1)
                async with live_view(console, path=path) as more:
                    await more.end()
                    assert (more.status, more.headers["retry-after"]) == (429, "30")
                setattr(site.output_views, limit, before)
            async with live_view(console, path=path) as more:
                assert await texts(more, "\n") == "one\n"

    play(home, monkeypatch, scene)


def test_who_may_no_longer_look_sees_nothing_more(home: HandWritten, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is printed after the session or the token ended is sent; nor after the console ends."""
    monkeypatch.setattr("cli.console.access.gate.REMEMBERED_S", 0.0)
    allowed, visitor = [True], Credentials.visitor
    monkeypatch.setattr(
        Credentials, "visitor", lambda self, asking: visitor(self, asking) if allowed[0] else None
    )
    (run,) = home.started

    async def scene(site: Site, console: ASGIApp, path: str) -> None:
        async with live_view(console, path=path) as view:
            await texts(view, "one\n")
            allowed[0] = False
            home.put(run, b"two\n")
            await view.end()
            assert view.waiting == 0
        allowed[0] = True
        async with live_view(console, path=path) as view:
            assert await texts(view, "two\n") == "one\ntwo\n"
            site.end()
            await view.end()

    play(home, monkeypatch, scene)


def test_a_page_that_takes_nothing_is_let_go_of(home: HandWritten, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place is free again."""
    monkeypatch.setattr(event_stream, "TAKEN_S", 0.05)
    (run,) = home.started

    async def scene(site: Site, console: ASGIApp, path: str) -> None:
        async with live_view(console, path=path) as slow:
            await texts(slow, "one\n")
            slow.taking.clear()
            home.put(run, b"two\n")
            while site.output_views.total:
                await asyncio.sleep(0.01)
            assert not slow.ended.is_set()

    play(home, monkeypatch, scene)


def test_what_is_no_run_is_told_as_by_the_command(home: HandWritten) -> None:
    """With what helps."""
    with console(home.home) as client:
        said = Page(client.get("/runs/999").text).text
    home.close()
    assert "there is no run 999" in said
    assert "jobs history" in said
