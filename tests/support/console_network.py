"""The console of a test's home as it answers on TCP, and tokens for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from cli.console.access.policy import LOCAL_NAMES, Policy
from cli.console.application import console_application
from cli.console.site import Site
from scheduler.home import Home
from tests.support.home import LiveHome


@contextmanager
def network(home: LiveHome, client: str = "192.0.2.1", **more: Any) -> Iterator[TestClient]:
    """The console as it answers to who comes from an address; it is known as localhost and as jobs.example too."""
    policy = Policy(local=False, hosts=frozenset([*LOCAL_NAMES, "jobs.example"]), owner=os.getuid(), **more)
    site = Site(Home(home.root), "UTC")
    try:
        application = console_application(site, policy)
        with TestClient(
            application, "http://localhost", client=(client, 1234), follow_redirects=False
        ) as asking:
            yield asking
    finally:
        site.close()


def token(home: LiveHome, name: str, *scopes: str, more: tuple[str, ...] = ()) -> str:
    """A new token."""
    options = [word for scope in scopes for word in ("--scope", scope)]
    made = home.ask("console", "token", "create", name, *options, *more)
    assert made.code == 0, made.err
    return made.out.strip()


def bearer(secret: str) -> dict[str, str]:
    """The header of a program that has a token."""
    return {"Authorization": f"Bearer {secret}"}
