"""Who comes in: peers of a socket, holders of tokens, sessions, proxies; and who does not."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.datastructures import Headers
from starlette.testclient import TestClient
from uvicorn.server import ServerState

from cli.console.access.cross_origin import comes_from_elsewhere
from cli.console.access.peer import Peer, PeerProtocol, peer_of
from cli.console.access.policy import LOCAL_NAMES, Policy
from cli.console.access.rate_limit import RateLimit
from cli.console.access.sessions import COOKIE
from cli.console.application import console_application
from cli.console.site import Site
from scheduler.home import Home
from tests.support.console import Page, reached_by
from tests.support.console_network import bearer, network, token
from tests.support.home import LiveHome, make_home

PROXY = "192.0.2.7"


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with two jobs."""
    make_home(tmp_path)
    return LiveHome(tmp_path)


def test_without_anything_nobody_comes_in(home: LiveHome) -> None:
    """A browser is led to the form, a program is told what it lacks; what tells nothing of the home is for all."""
    with network(home) as client:
        led = client.get("/jobs?q=x", headers={"Accept": "text/html"})
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Fjobs")
        for path in (
            "/",
            "/metrics",
            "/ledger/entries/0",
            "/sql?q=select+1",
            "/as-of/0/jobs",
            "/actions/done/x",
        ):
            refused = client.get(path)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer"), path
            assert "nightly" not in refused.text
        assert client.post("/actions/run", data={"job": "ticker"}).status_code == 401
        assert client.get("/healthz").text == "ok\n"
        assert client.get("/sign-in").status_code == 200


def test_a_token_is_good_for_its_scopes_until_it_is_revoked(
    home: LiveHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it may do is what its scopes say; revoked or expired it is good for nothing, while the console runs."""
    monkeypatch.setattr("cli.console.access.gate.REMEMBERED_S", 0.0)
    secret = token(home, "ann", "view")
    with network(home) as client:
        assert client.get("/jobs", headers=bearer(secret)).status_code == 200
        refused = client.post("/actions/disable", data={"job": "ticker"}, headers=bearer(secret))
        assert (refused.status_code, "takes the role operate" in Page(refused.text).text) == (403, True)
        for wrong in (secret[:-1], secret + "x", "", "cronledger_", secret.upper(), "Basic x"):
            assert client.get("/jobs", headers=bearer(wrong)).status_code == 401, wrong
        assert home.ask("console", "token", "revoke", "ann").code == 0
        assert client.get("/jobs", headers=bearer(secret)).status_code == 401
    assert secret not in "".join(str(path.read_bytes()) for path in home.root.rglob("*") if path.is_file())


def test_the_commands_about_tokens(home: LiveHome) -> None:
    """Names and scopes are checked, a name is given once, who revokes a mistyped one is told which was meant."""
    token(home, "ann-laptop", "operate", "view")
    assert home.ask("console", "token", "create", "ann-laptop").code == 2
    assert home.ask("console", "token", "create", "a b").code == 2
    assert home.ask("console", "token", "create", "x", "--scope", "rule").code == 2
    listed = home.ask("console", "token", "list", "--json").document
    assert [(each["name"], each["scopes"], each["good"]) for each in listed] == [
        ("ann-laptop", ["view", "operate"], True)
    ]
    assert "sha256" not in listed[0]
    assert "did you mean ann-laptop" in home.ask("console", "token", "revoke", "an-laptop").err
    assert home.ask("console", "token", "revoke", "ann-laptop", "--reason", "lost").code == 0
    assert home.ask("console", "token", "list", "--json").document == []
    home.check()


def test_a_browser_signs_in_and_out(home: LiveHome) -> None:
    """The token is given once; a new session begins, its cookie is for this console alone, and it can be ended."""
    secret = token(home, "ann", "view")
    with network(home) as client:
        wrong = client.post("/sign-in", data={"token": "cronledger_no", "next": "/jobs"})
        assert (wrong.status_code, COOKIE in wrong.cookies) == (403, False)
        client.cookies.set(COOKIE, "chosen-by-somebody-else")
        signed = client.post("/sign-in", data={"token": secret, "next": "/jobs"})
        assert (signed.status_code, signed.headers["location"]) == (303, "/jobs")
        cookie = signed.headers["set-cookie"]
        assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age="))
        session = signed.cookies[COOKIE]
        assert session not in ("chosen-by-somebody-else", secret)
        client.cookies.clear()
        client.cookies.set(COOKIE, session)
        assert "Sign out" in client.get("/").text
        assert client.post("/sign-out").status_code == 303
        assert client.get("/").status_code == 401


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "%2F%2Fevil.example",
     "/x\r\nSet-Cookie: a=b", "\\\\evil", "/%0d%0aX: y", "", "jobs"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(home: LiveHome, address: str) -> None:
    """Whatever stands in the address, a browser is led to a path of this console."""
    secret = token(home, "ann", "view")
    with network(home) as client:
        signed = client.post("/sign-in", data={"token": secret, "next": address})
    assert signed.headers["location"] == "/"


def test_a_proxy_is_known_by_its_address(home: LiveHome) -> None:
    """From there a name is believed, for what proxies may; from anywhere else the same header says nothing."""
    more: Any = {"proxies": frozenset([PROXY]), "proxy_roles": frozenset({"operate"})}
    said = {"X-Forwarded-User": "ann@example.org"}
    with network(home, PROXY, **more) as client:
        assert "ann@example.org" in client.get("/", headers=said).text
        assert client.get("/").status_code == 401
        assert client.get("/", headers={"X-Forwarded-User": "a\x07"}).status_code == 401
        done = client.post("/actions/disable", data={"job": "ticker", "reason": "x"}, headers=said)
        assert done.status_code == 303
    with network(home, **more) as client:
        assert client.get("/", headers=said).status_code == 401
    entry = home.entries("job.disabled")[-1]
    assert entry.actor.startswith("user:"), "the console's own user is the fact"
    assert b'"proxy":"ann@example.org"' in bytes(entry.data)


def test_a_name_that_is_not_ours_is_not_answered(home: LiveHome) -> None:
    """A page of a stranger, whose name was made to lead here, reaches nothing: not even what is for all."""
    secret = token(home, "ann", "view")
    with network(home) as client:
        for host in (
            "evil.example",
            "localhost.evil.example",
            "jobs.example.evil.example:80",
            "",
            "127.0.0.1.nip.io",
        ):
            for path in ("/", "/healthz", "/static/console.css"):
                answer = client.get(path, headers={**bearer(secret), "Host": host})
                assert answer.status_code == 421, (host, path)
        for host in ("localhost:8800", "127.0.0.1", "[::1]:8800", "Jobs.Example"):
            assert client.get("/", headers={**bearer(secret), "Host": host}).status_code == 200, host


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({"sec-fetch-site": "same-origin"}, False), ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True), ({"sec-fetch-site": "cross-site"}, True),
        ({"origin": "http://localhost:1", "host": "localhost:1"}, False),
        ({"origin": "http://evil.example", "host": "localhost:1"}, True),
        ({"origin": "http://localhost:2", "host": "localhost:1"}, True),
        ({"origin": "null", "host": "localhost:1"}, True), ({}, False),
    ],
)  # fmt: skip
def test_what_changes_something_must_come_from_here(headers: dict[str, str], elsewhere: bool) -> None:
    """By what browsers say of where a request comes from; reading is never refused for that."""
    assert comes_from_elsewhere("POST", Headers(headers)) is elsewhere
    assert comes_from_elsewhere("GET", Headers(headers)) is False


def test_a_form_of_a_stranger_is_refused(home: LiveHome) -> None:
    """With the session of a person, and by the owner's socket."""
    secret = token(home, "ann", "admin")
    before = len(home.entries())
    foreign = {"Origin": "https://evil.example", **bearer(secret)}
    with network(home) as client:
        assert client.post("/actions/disable", data={"job": "ticker"}, headers=foreign).status_code == 403
        assert client.post("/sign-in", data={"token": secret}, headers=foreign).status_code == 403
    assert len(home.entries()) == before


def test_bodies_are_bounded_and_decoded_strictly(home: LiveHome) -> None:
    """What is no form, too long, or of too many fields is refused, and nothing is recorded."""
    secret = token(home, "ann", "admin")
    before = len(home.entries())
    form = {"Content-Type": "application/x-www-form-urlencoded", **bearer(secret)}
    with network(home) as client:
        for body, headers, code in (
            (b"{}", {"Content-Type": "application/json", **bearer(secret)}, 415),
            (b"job=" + b"x" * 70_000, form, 413), (b"&".join([b"a=1"] * 200), form, 400),
            (b"job=%ff%fe", form, 400), (b"\xff", form, 400), (b"nothing", form, 400),
        ):  # fmt: skip
            assert client.post("/actions/disable", content=body, headers=headers).status_code == code, body[
                :20
            ]
    assert len(home.entries()) == before


def test_who_tries_too_often_waits(home: LiveHome) -> None:
    """Signing in is slow to guess; a limit is of each one by itself, and fills again."""
    now = [0.0]
    limit = RateLimit(2, 0.5, lambda: now[0])
    assert [limit.take("a"), limit.take("a"), limit.take("a") > 0, limit.take("b")] == [0, 0, True, 0]
    now[0] = 2.0
    assert (limit.take("a"), limit.take("a") > 0) == (0, True)
    with network(home) as client:
        codes = [client.post("/sign-in", data={"token": "x"}).status_code for _ in range(12)]
        assert codes.count(429) >= 1
        assert client.post("/sign-in", data={"token": "x"}).headers["retry-after"].isdigit()


def test_nobody_keeps_others_from_signing_in(home: LiveHome) -> None:
    """Behind a proxy tries are those of the address that it names; and who has a good token is not kept waiting."""
    secret = token(home, "ann", "view")

    def tried(client: TestClient, listed: str, given: str = "x") -> int:
        headers = {"X-Forwarded-For": listed}
        return client.post("/sign-in", data={"token": given}, headers=headers).status_code

    with network(home, PROXY, proxies=frozenset([PROXY])) as client:
        # What stands before the last address is the visitor's own word.
        assert [tried(client, f"198.51.100.{number}, 203.0.113.9") for number in range(11)][-1] == 429
        assert tried(client, f"203.0.113.9, {PROXY}") == 429
        assert tried(client, "203.0.113.10") == 403
        assert tried(client, "203.0.113.9", secret) == 303
    with network(home, proxies=frozenset([PROXY])) as client:
        assert [tried(client, f"198.51.100.{number}") for number in range(11)][-1] == 429, "it is no proxy"


def test_a_socket_is_for_the_owner(home: LiveHome) -> None:
    """The kernel says who is at the other end: the owner and root come in, and nobody else."""
    policy = Policy(local=True, hosts=frozenset(LOCAL_NAMES), owner=os.getuid())
    site = Site(Home(home.root), "UTC")
    for uid, code in ((os.getuid(), 200), (0, 200), (12_345, 403)):
        application = reached_by(console_application(site, policy), Peer(os.getpid(), uid, 0))
        with TestClient(application, "http://localhost") as client:
            assert client.get("/").status_code == code, uid
    with TestClient(console_application(site, policy), "http://localhost") as client:
        assert client.get("/", headers={"Authorization": "Bearer x"}).status_code == 403
    site.close()


def test_the_kernel_says_who_connected(tmp_path: Path) -> None:
    """Of a Unix socket; of any other there is nobody to name."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as asking:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=lambda: asking.connect(str(path)))
        thread.start()
        connection, _ = listening.accept()
        thread.join()
        with connection:
            assert peer_of(connection) == Peer(os.getpid(), os.getuid(), os.getgid())
    with socket.socket(socket.AF_INET) as other:
        assert peer_of(other) is None


def test_who_asks_slowly_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a new connection, and on one that was answered before."""
    monkeypatch.setattr("cli.http.patient_protocol.HEAD_PATIENCE_S", 0.2)

    async def application(_scope: object, _receive: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def asked(*parts: bytes) -> bytes:
        config = uvicorn.Config(application, http=PeerProtocol, lifespan="off", log_config=None)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: PeerProtocol(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        answer = b""
        for part in parts:
            writer.write(part)
            if part.endswith(b"\r\n\r\n"):
                answer += await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(5):
            answer += await reader.read()
        writer.close()
        server.close()
        return answer

    whole = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert asyncio.run(asked(b"GET / HT")) == b""
    answer = asyncio.run(asked(whole, whole, b"GET / HT"))
    assert answer.count(b"204 No Content") == 2
