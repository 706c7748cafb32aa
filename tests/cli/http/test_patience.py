"""Whoever leaves the server waiting keeps nobody out: places are taken back, and answers that nobody takes end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from cli.http.patient_protocol import PatientProtocol
from cli.http.places import given_up, person_at
from cli.http.server_messages import ForPeople

WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
PLACES = 4
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Held:
    """A place of a test."""

    whose: str
    heard_s: float
    waits: bool = True


def test_a_place_is_taken_from_who_has_most_of_them() -> None:
    """Of those the one that said nothing for longest; of one for whom something is done, never."""
    places = [Held("ann", 1), Held("foe", 5, waits=False), Held("foe", 4), Held("foe", 3), Held("bob", 2)]
    assert given_up(places) == Held("foe", 3)
    assert given_up([Held("foe", 1, waits=False)]) is None


@pytest.mark.parametrize(
    ("address", "person"),
    [("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:db8::1:2:3:4", "2001:db8::/64"),
     ("2001:db8::9:9:9:9", "2001:db8::/64"), ("ann", "ann"), ("", "")],
)  # fmt: skip
def test_an_address_is_of_a_person(address: str, person: str) -> None:
    """Whoever has an IPv6 network of their own has more addresses in it than a table of tries holds."""
    assert person_at(address) == person


@asynccontextmanager
async def served(application: Any) -> AsyncIterator[tuple[ServerState, tuple[str, int]]]:
    """A server with few places, and where it listens."""
    config = uvicorn.Config(
        application, http=PatientProtocol, lifespan="off", log_config=None, limit_concurrency=PLACES + 1
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: PatientProtocol(config, state, {}), "127.0.0.1", 0
    )
    try:
        yield state, server.sockets[0].getsockname()
    finally:
        server.close()
        for connection in list(state.connections):
            assert isinstance(connection, PatientProtocol)
            connection.let_go()


def test_idle_connections_keep_nobody_out() -> None:
    """Those that ask nothing, and those of which half a body has come; who asks is answered all the same."""

    async def application(_scope: object, receive: Any, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def scene(begun: bytes) -> None:
        async with served(application) as (state, address):
            idle = [await asyncio.open_connection(*address) for _ in range(PLACES * 2)]
            for _, writer in idle:
                writer.write(begun)
            reader, writer = await asyncio.open_connection(*address)
            writer.write(WHOLE)
            async with asyncio.timeout(5):
                assert b" 204 " in await reader.readuntil(b"\r\n\r\n")
                assert await idle[0][0].read() == b"", "the one that waited longest lost its place"
            assert len(state.connections) <= PLACES
            for _, each in (*idle, (reader, writer)):
                each.close()

    asyncio.run(scene(b""))
    asyncio.run(scene(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx"))


def test_an_answer_that_nobody_takes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is made, and when all of it was made: the connection would stay for ever."""
    monkeypatch.setattr("cli.http.patient_protocol.TAKING_LOOK_S", 0.05)

    async def answer(send: Send, pieces: int) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        for left in reversed(range(pieces)):
            await send({"type": "http.response.body", "body": b"x" * 12_000_000, "more_body": left > 0})

    async def scene(pieces: int) -> None:
        async def application(_scope: object, _receive: object, send: Send) -> None:
            await answer(send, pieces)

        async with served(application) as (state, address):
            _, writer = await asyncio.open_connection(*address, limit=1)
            writer.write(WHOLE)
            async with asyncio.timeout(5):
                while not state.connections:
                    await asyncio.sleep(0.01)
                while state.connections or state.tasks:
                    await asyncio.sleep(0.01)
            writer.close()

    asyncio.run(scene(1))
    asyncio.run(scene(2))


def test_nobody_fills_a_disk_with_what_the_server_says() -> None:
    """What anybody can cause is not written; that all places are in use is, once a minute."""
    now = [0.0]
    passes = ForPeople(lambda: now[0]).filter

    def said(message: str) -> logging.LogRecord:
        return logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, message, (), None)

    assert not passes(said("Invalid HTTP request received."))
    assert passes(said("Exception in ASGI application"))
    assert [passes(said("Exceeded concurrency limit.")) for _ in range(3)] == [True, False, False]
    now[0] = 61.0
    assert passes(said("Exceeded concurrency limit."))
