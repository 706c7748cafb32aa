"""New entries as events: each once and in order, bounded, and no page holds up another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from cli.console.access.credentials import Credentials
from cli.console.live import event_stream, live_entries
from cli.console.live.live_events import TOLD_SINGLY_MAX, events_of
from cli.console.site import Site
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.command import call
from tests.support.console import owners_console
from tests.support.home import entries_of, make_home, record
from tests.support.live_view import live_view

Scene = Callable[[Site, ASGIApp], Awaitable[None]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a few entries."""
    made = make_home(tmp_path)
    call("--home", str(made.root), "jobs", "disable", "nightly", "--reason", "holidays")
    return made


def switch(home: Home, times: int, reason: str = "holidays") -> None:
    """Append so many entries: a job is disabled, again and again."""
    record(home, *[v.event(v.JobDisabled(reason=reason), "user:ann@host", job="nightly")] * times)


def play(home: Home, scene: Scene) -> None:
    """Play a scene on the console of a home."""

    async def played() -> None:
        site = Site(home, "UTC")
        try:
            await scene(site, owners_console(site))
            for _ in range(1_000):
                if site.live.views == 0:
                    break
                await asyncio.sleep(0.01)
            assert site.live.views == 0, "a page that was closed counts for nothing"
        finally:
            site.close()

    asyncio.run(played())


def test_entries_come_once_and_in_order(home: Home) -> None:
    """A page hears of each entry behind the one that it knows, told in the words of the table."""

    async def scene(site: Site, console: ASGIApp) -> None:
        async with live_view(console) as view:
            head = await view.next()
            assert (head.kind, head.id) == ("head", str(site.live.head_seq))
            assert view.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in view.headers
            await asyncio.to_thread(switch, home, 2)
            first, second = await view.next(), await view.next()
        assert [int(each.id) for each in (first, second)] == [int(head.id) + 1, int(head.id) + 2]
        assert (first.kind, first.data["type"], first.data["job"]) == ("entry", "job.disabled", "nightly")
        assert "holidays" in first.data["sentence"]

    play(home, scene)


def test_a_page_that_lost_the_connection_goes_on_where_it_was(home: Home) -> None:
    """What was recorded meanwhile is told, whether or not anybody else looked then; nothing twice."""

    async def scene(site: Site, console: ASGIApp) -> None:
        async with live_view(console) as view:
            known = int((await view.next()).id)
        await asyncio.to_thread(switch, home, 2)
        async with live_view(console, headers={"Last-Event-ID": str(known)}, query="after=0") as view:
            seen = [await view.next() for _ in range(3)]
            assert [int(each.id) for each in seen] == [known, known + 1, known + 2]
            await asyncio.to_thread(switch, home, 1)
            assert int((await view.next()).id) == known + 3
            # Another page, which knows less than what is kept for those who look now.
            async with live_view(console, query=f"after={known + 1}") as other:
                seen = [await other.next() for _ in range(3)]
                assert [int(each.id) for each in seen] == [known + 1, known + 2, known + 3]
                await asyncio.to_thread(switch, home, 1)
                assert int((await other.next()).id) == int((await view.next()).id) == known + 4

    play(home, scene)


def test_much_at_once_is_told_by_its_count(home: Home) -> None:
    """A page is not told thousands of entries one by one, and too far behind it is told to load itself again."""

    async def scene(site: Site, console: ASGIApp) -> None:
        await asyncio.to_thread(switch, home, TOLD_SINGLY_MAX + 1)
        async with live_view(console, query="after=2") as view:
            head, many = await view.next(), await view.next()
            assert (head.id, many.kind) == ("2", "entries")
            assert many.data["count"] == int(many.id) - 2 > TOLD_SINGLY_MAX
        for unknown in (999_999, int(many.id) + 1):
            async with live_view(console, query=f"after={unknown}") as view:
                await view.next()
                assert (await view.next()).kind == "reload"
                await view.end()

    play(home, scene)


def test_too_far_behind(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound to what is read for a page that was away."""
    monkeypatch.setattr(live_entries, "BEHIND_MAX", 3)

    async def scene(site: Site, console: ASGIApp) -> None:
        await asyncio.to_thread(switch, home, 4)
        async with live_view(console, query="after=0") as view:
            await view.next()
            assert (await view.next()).kind == "reload"

    play(home, scene)


def test_a_page_that_takes_nothing_is_let_go_of(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds up no other page, and its place is free again."""
    monkeypatch.setattr(event_stream, "TAKEN_S", 0.05)

    async def scene(site: Site, console: ASGIApp) -> None:
        async with live_view(console) as slow, live_view(console) as view:
            await slow.next()
            known = int((await view.next()).id)
            slow.taking.clear()
            await asyncio.to_thread(switch, home, 1)
            assert int((await view.next()).id) == known + 1
            while site.live.views > 1:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(switch, home, 1)
            assert int((await view.next()).id) == known + 2
            assert not slow.ended.is_set()

    play(home, scene)


def test_who_may_no_longer_look_is_let_go_of(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that ended, or a token that was revoked, sees nothing more."""
    monkeypatch.setattr("cli.console.access.gate.REMEMBERED_S", 0.0)
    allowed, visitor = [True], Credentials.visitor
    monkeypatch.setattr(
        Credentials, "visitor", lambda self, asking: visitor(self, asking) if allowed[0] else None
    )

    async def scene(site: Site, console: ASGIApp) -> None:
        async with live_view(console) as view:
            await view.next()
            allowed[0] = False
            await asyncio.to_thread(switch, home, 1)
            await view.end()
            assert view.waiting == 0

    play(home, scene)


def test_places_are_bounded(home: Home) -> None:
    """A visitor has so many live pages and no more, and is told when to try again; the past has none."""

    async def scene(site: Site, console: ASGIApp) -> None:
        site.live.pages.most_per_visitor = 1
        async with live_view(console) as view:
            await view.next()
            async with live_view(console) as more:
                await more.end()
                assert (more.status, more.headers["retry-after"]) == (429, "30")
        async with live_view(console, path="/as-of/1/live") as past:
            await past.end()
            assert past.status == 404

    play(home, scene)


def test_the_end_of_the_console_ends_live_pages(home: Home) -> None:
    """Nobody waits for a page that would stay open for ever."""

    async def scene(site: Site, console: ASGIApp) -> None:
        async with live_view(console) as view:
            await view.next()
            site.live.end()
            await view.end()

    play(home, scene)


def test_an_event_is_bounded_and_one_line_a_member(home: Home) -> None:
    """However long or hostile what was recorded is, it stays data of its event."""
    switch(home, 1, "a\nevent: entry\n\ndata: {}\r\n<script>\x1b[2J" + "x" * 10_000)
    told = events_of(entries_of(home.root)[-1:], "UTC")
    assert len(told) < 1_000
    lines = told.decode("ascii").split("\n")
    assert [line.partition(":")[0] for line in lines] == ["id", "event", "data", "", ""]
    assert b"\r" not in told
    assert all(
        character.isprintable() for character in json.loads(lines[2].removeprefix("data: "))["sentence"]
    )
