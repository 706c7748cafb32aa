"""The console over a home of a test, asked within the test's process; and what stands on its pages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html.parser import HTMLParser

from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from cli.console.access.peer import PEER, Peer
from cli.console.access.policy import LOCAL_NAMES, Policy
from cli.console.application import console_application
from cli.console.site import Site
from scheduler.home import Home

_VOID = frozenset(["br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"])


@contextmanager
def console(home: Home, as_of: str | None = None, zone: str = "UTC") -> Iterator[TestClient]:
    """The console of a home, as its owner reaches it."""
    site = Site(home, zone, as_of)
    try:
        with TestClient(owners_console(site), base_url="http://localhost") as client:
            yield client
    finally:
        site.close()


def owners_console(site: Site) -> ASGIApp:
    """The console as it answers on a Unix socket to a process of the home's owner."""
    policy = Policy(local=True, hosts=frozenset(LOCAL_NAMES), owner=os.getuid())
    return reached_by(console_application(site, policy), Peer(os.getpid(), os.getuid(), os.getgid()))


def anybodys_console(site: Site) -> ASGIApp:
    """The console as it answers on TCP to a browser of this machine of whom a proxy speaks, who may do everything."""
    policy = Policy(
        local=False, hosts=frozenset(LOCAL_NAMES), owner=os.getuid(), proxies=frozenset({"127.0.0.1"}),
        proxy_roles=frozenset({"admin"}),
    )  # fmt: skip
    application = console_application(site, policy)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*scope.get("headers", []), (policy.proxy_header.encode(), b"ann")]
        await application({**scope, "headers": headers}, receive, send)

    return answer


def reached_by(application: ASGIApp, peer: Peer) -> ASGIApp:
    """A console, every request to which comes from a process, as the kernel says."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "state": {PEER: peer}}, receive, send)

    return answer


class Page(HTMLParser):
    """What a page says.

    Attributes:
        text: all of its text, each run of blanks as one.
        links: the address of each link, and its text.
        elements: each element by name, with its attributes, in their order.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.elements: list[tuple[str, Mapping[str, str]]] = []
        self._texts: list[str] = []
        self._open: list[str] = []
        self._link: tuple[str, list[str]] | None = None
        self.feed(source)
        self.close()
        assert not self._open, f"these elements are not closed: {self._open}"
        self.text = " ".join("".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "a":
            self._link = (attributes.get("href", ""), [])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without an end, as in SVG."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """An element ends: the one that was opened last."""
        assert self._open.pop() == tag, f"</{tag}> closes another element"
        if tag == "a" and self._link is not None:
            self.links.append((self._link[0], " ".join("".join(self._link[1]).split())))
            self._link = None

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._open and self._open[-1] in ("style", "script"):
            return
        self._texts.append(data)
        if self._link is not None:
            self._link[1].append(data)
