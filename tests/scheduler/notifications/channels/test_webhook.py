"""A webhook: what it sends, and what it makes of receivers that do not take it."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Judge
from standardwebhooks import WebhookVerificationError

from scheduler.definition import Secret
from scheduler.home import Home
from scheduler.notifications.channels import open_channel, tls
from scheduler.notifications.channels.document import document, message_type
from scheduler.notifications.channels.signature import InvalidSecret, headers, signing_keys
from scheduler.notifications.settings import Channel
from scheduler.notifications.transport import NotDelivered
from tests.support.certificates import Certificate, certificate
from tests.support.notices import message, notice
from tests.support.receiver import Receiver, Reply, always
from tests.support.rude_server import LATE, LONG_MS, SHORT_MS, Rudeness, RudeServer, drips, hangs, says

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "A" * 32


def hook(url: str | Secret, **more: object) -> Channel:
    """A channel that sends to an address."""
    return Channel(name="c", kind="webhook", url=url, **more)  # type: ignore[arg-type]


def refused(channel: Channel, home: Home, environ: dict[str, str] | None = None) -> NotDelivered:
    """Why a message is not delivered."""
    with pytest.raises(NotDelivered) as caught:
        open_channel(channel, home, environ or {}).send(message())
    return caught.value


def test_the_message_is_sent_as_json(home: Home) -> None:
    """Type, time and a text for people stand at the top, and all there is in `data`."""
    with Receiver(always(204)) as receiver:
        open_channel(hook(f"{receiver.url}/in?team=1"), home, {}).send(message())
    (request,) = receiver.received
    assert (request.method, request.path) == ("POST", "/in?team=1")
    assert request.headers["content-type"] == "application/json"
    body = json.loads(request.body)
    assert body["type"] == "cronledger.failure"
    assert body["timestamp"] == "2026-03-01T02:00:05Z"
    assert body["text"] == "[web1] backup failed with exit code 3"
    assert body["data"]["id"] == request.headers["webhook-id"] == message().id
    assert body["data"]["notices"][0]["output_end"] == "copying\nno space left\n"
    assert "webhook-signature" not in request.headers


def test_its_members_stay_what_they_are() -> None:
    """Whoever reads them relies on that."""
    assert json.loads(document(message())) == {
        "type": "cronledger.failure",
        "timestamp": "2026-03-01T02:00:05Z",
        "text": "[web1] backup failed with exit code 3",
        "data": {
            "id": message().id,
            "ledger": "a" * 32,
            "host": "web1",
            "home": "/srv/cron",
            "channel": "c",
            "counts": {"failure": 1},
            "notices": [
                {
                    "seq": 41,
                    "kind": "failure",
                    "time": "2026-03-01T02:00:05Z",
                    "summary": "backup failed with exit code 3",
                    "job": "backup",
                    "run": 41,
                    "scheduled_for": "2026-03-01T02:00:00Z",
                    "outcome": "failed",
                    "output_end": "copying\nno space left\n",
                    "command": "cronledger runs show 41",
                }
            ],
        },
    }


def test_the_type_says_what_it_tells() -> None:
    """Of one kind it is that kind, of several it is a digest, and a trial is a trial."""
    assert message_type(message(notice(1), notice(2))) == "cronledger.failure"
    assert message_type(message(notice(1), notice(2, kind="recovery"))) == "cronledger.digest"
    assert message_type(message(notice(kind="finished", details={"test": 1}))) == "cronledger.test"


def test_the_specification_s_own_library_takes_the_signature(home: Home) -> None:
    """With a secret, and with several; another secret, and another body, do not fit."""
    (home.root / "secret").write_text(f"{OTHER}\n{SECRET}\n")
    (home.root / "secret").chmod(0o600)
    with Receiver(always()) as receiver:
        open_channel(hook(receiver.url, secret=Secret(file="secret")), home, {}).send(message())
        open_channel(hook(receiver.url, secret=Secret(env="S")), home, {"S": SECRET}).send(message())
    two, one = receiver.received
    assert Judge(SECRET).verify(two.body, two.headers)["type"] == "cronledger.failure"
    assert Judge(OTHER).verify(two.body, two.headers)
    assert Judge(SECRET).verify(one.body, one.headers)
    with pytest.raises(WebhookVerificationError):
        Judge(OTHER).verify(one.body, one.headers)
    with pytest.raises(WebhookVerificationError):
        Judge(SECRET).verify(one.body.replace(b"3", b"4"), one.headers)


def test_the_published_vector_is_signed_as_published() -> None:
    """The example of the specification's libraries."""
    found = headers(
        signing_keys(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
    )
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_library_signs_the_same() -> None:
    """Ours and the library's signature of the same are the same."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    ours = headers(signing_keys(OTHER), "msg_1", int(at.timestamp()), b"{}")
    assert ours["webhook-signature"] == Judge(OTHER).sign("msg_1", at, "{}")


@pytest.mark.parametrize(
    "secret", ["", "  \n", "whsec_", "whsec_***", "whsec_AAAA", "whsec_" + "A" * 200, "pässword"]
)
def test_what_is_no_secret_is_refused_and_not_repeated(secret: str, home: Home) -> None:
    """It is told what one looks like; nothing is sent."""
    with pytest.raises(InvalidSecret) as caught:
        signing_keys(secret)
    assert not secret.strip("whsec_ \n") or secret.strip("whsec_ \n") not in str(caught.value)
    with Receiver(always()) as receiver:
        problem = refused(hook(receiver.url, secret=Secret(env="S")), home, {"S": secret})
    assert "its secret" in problem.reason
    assert receiver.received == []


def test_headers_and_addresses_may_be_read_from_elsewhere(home: Home) -> None:
    """From a file of the home and from the environment; a name and a password in an address log in."""
    (home.root / "token").write_text("Bearer s3cr3t\n")
    (home.root / "token").chmod(0o600)
    with Receiver(always()) as receiver:
        channel = hook(Secret(env="URL"), headers={"Authorization": Secret(file="token"), "X-Team": "ops"})
        open_channel(channel, home, {"URL": f"{receiver.url}/x\n"}).send(message())
        basic = receiver.url.replace("http://", "http://ann:p%40ss@")
        open_channel(hook(basic), home, {}).send(message())
    first, second = receiver.received
    assert (first.headers["authorization"], first.headers["x-team"]) == ("Bearer s3cr3t", "ops")
    assert second.headers["authorization"] == "Basic YW5uOnBAc3M="
    assert "ann" not in second.headers["host"]


def test_what_is_read_from_elsewhere_is_read_for_each_message(home: Home) -> None:
    """A secret that was changed counts from the next message on."""
    environ = {"S": SECRET}
    with Receiver(always()) as receiver:
        channel = open_channel(hook(receiver.url, secret=Secret(env="S")), home, environ)
        channel.send(message())
        environ["S"] = OTHER
        channel.send(message())
    first, second = receiver.received
    assert Judge(SECRET).verify(first.body, first.headers)
    assert Judge(OTHER).verify(second.body, second.headers)


def test_no_proxy_of_the_environment_is_used(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message goes to the address that the config has, and by nobody else."""
    with Receiver(always()) as proxy, Receiver(always()) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        open_channel(hook(receiver.url), home, {}).send(message())
        assert (len(proxy.received), len(receiver.received)) == (0, 1)


def test_what_cannot_be_read_is_told_without_its_value(home: Home) -> None:
    """No file, one that others read, no variable, no address, no header: nothing is sent, and no value is shown."""
    (home.root / "open").write_text("s3cr3t")
    (home.root / "open").chmod(0o644)
    for channel, reason in (
        (hook(Secret(file="gone")), "its address cannot be read from"),
        (hook(Secret(file="open")), "others can read it"),
        (hook(Secret(env="GONE")), "there is no variable GONE"),
        (hook(Secret(env="S")), "what is read from $S is no address"),
        (hook("http://127.0.0.1:9", headers={"X": Secret(env="TWO")}), "its header X is no header"),
    ):
        problem = refused(channel, home, {"S": "s3cr3t", "TWO": "s3cr3t\r\nX-Y: z"})
        assert reason in problem.reason
        assert "s3cr3t" not in problem.reason
        assert not problem.uncertain


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (500, False, "it answered 500, Internal Server Error"),
        (503, False, "it answered 503"),
        (404, False, "it answered 404, Not Found"),
        (429, False, "it answered 429"),
        (410, True, "it answered 410, Gone"),
        (400, True, "it answered 400"),
        (599, False, "it answered 599"),
    ],
)
def test_only_2xx_is_a_delivery(status: int, permanent: bool, words: str, home: Home) -> None:
    """Other answers are told, and whether another try is of use."""
    with Receiver(always(status)) as receiver:
        problem = refused(hook(receiver.url), home)
    assert problem.reason.startswith(words)
    assert (problem.permanent, problem.uncertain) == (permanent, False)


@pytest.mark.parametrize(
    ("status", "asked", "wait_s"),
    [
        (500, None, 0),
        (503, None, 0),
        (503, "7", 7),
        (429, None, 60),
        (429, "300", 300),
        (429, "999999999", 3_600),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", 60),
        (429, "-1", 60),
        (401, None, 60),
        (302, None, 60),
    ],
)
def test_who_refuses_is_left_alone(status: int, asked: str | None, wait_s: float, home: Home) -> None:
    """For a minute or for as long as it asks for, an hour at most; who failed is not."""
    beside = () if asked is None else (("Retry-After", asked),)
    with Receiver(always(status, headers=beside)) as receiver:
        assert refused(hook(receiver.url), home).wait_s == wait_s


def test_no_redirect_is_followed(home: Home) -> None:
    """Not to a private address, nor anywhere: it is a failure that says so."""
    with Receiver(always()) as private:
        for status in (301, 302, 303, 307, 308):
            with Receiver(always(status, headers=(("Location", f"{private.url}/admin"),))) as receiver:
                problem = refused(hook(receiver.url), home)
            assert problem.reason == f"it answered {status}: it is elsewhere, and no redirect is followed"
    assert private.received == []


ENDLESS_HEADERS = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"


@pytest.mark.parametrize(
    ("rudeness", "words", "uncertain"),
    [
        (hangs, f"it {LATE}", True),
        (drips(b""), f"it {LATE}", True),
        (drips(b"HTTP/1.1 200"), f"it {LATE}", True),
        (drips(b"HTTP/1.1 100 Continue\r\n\r\n"), f"it {LATE}", True),
        (lambda line: None, "it closed the connection without an answer", True),
        (says(b"HTTP/1.1"), "what it answered is no HTTP", True),
        (says(b"SSH-2.0-x\r\n"), "what it answered is no HTTP", True),
        (says(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000), "what it answered is no HTTP", True),
        (says(ENDLESS_HEADERS), "what it answered is no HTTP", True),
        (says(b"HTTP/1.1 99999 x\r\n\r\n"), "what it answered is no HTTP", True),
    ],
    ids=[
        "hangs",
        "drips",
        "drips status",
        "continues",
        "closes",
        "half",
        "ssh",
        "long line",
        "headers",
        "status",
    ],
)
def test_a_rude_receiver_is_told_in_time(rudeness: Rudeness, words: str, uncertain: bool, home: Home) -> None:
    """Whatever it does, it is over in time, and it is said that it may have got the message."""
    with RudeServer(rudeness) as server:
        began_s = time.monotonic()
        timeout_ms = SHORT_MS if words.endswith(LATE) else LONG_MS
        problem = refused(hook(f"http://127.0.0.1:{server.port}/", timeout_ms=timeout_ms), home)
        took_s = time.monotonic() - began_s
    assert problem.reason == words
    assert (problem.permanent, problem.uncertain) == (False, uncertain)
    assert took_s < 5


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-A: "])
def test_what_comes_behind_the_status_holds_up_nothing(said: bytes, home: Home) -> None:
    """The status says that it arrived, also where headers or a body never end."""
    with RudeServer(drips(said)) as server:
        open_channel(hook(f"http://127.0.0.1:{server.port}/", timeout_ms=SHORT_MS), home, {}).send(message())


def test_nobody_there_is_told_as_such(home: Home) -> None:
    """Nothing listens, or the name is none: it is certain that nothing arrived."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    problem = refused(hook(f"http://127.0.0.1:{port}/s3cr3t"), home)
    assert problem.reason == "it cannot be reached: the connection was refused"
    assert not problem.uncertain
    assert refused(hook("http://no..name/"), home).reason == "its name cannot be resolved"


def test_a_name_that_is_never_resolved_holds_up_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs is waited for as long as everything else."""
    hanging = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hanging.wait() and [])
    problem = refused(hook("http://x.example/", timeout_ms=100), home)
    hanging.set()
    assert problem.reason == "it did not answer within 0.1 s"
    assert not problem.uncertain


@pytest.mark.parametrize("kind", [threading.Thread, threading.Timer])
def test_where_no_thread_can_be_started_nothing_is_sent(
    kind: type[threading.Thread], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is full is told as such: nothing but `NotDelivered` comes out."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if type(thread) is kind and (kind is threading.Timer or thread.name.startswith("resolve ")):
            raise RuntimeError("can't start new thread")
        start(thread)

    with Receiver(always()) as receiver:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        problem = refused(hook(receiver.url), home)
        monkeypatch.undo()
    assert problem.reason == "it cannot be reached: no thread could be started for it"
    assert not problem.uncertain
    assert receiver.received == []


def test_tls_is_spoken_to_whom_is_trusted(home: Home, trusted: Certificate) -> None:
    """A receiver whose certificate is right gets the message."""
    with Receiver(always(), trusted.server_context()) as receiver:
        open_channel(hook(receiver.url), home, {}).send(message())
    assert len(receiver.received) == 1


def _stranger(path: Path) -> Certificate:
    folder = path / "stranger"
    folder.mkdir()
    return certificate(folder)


def _other_name(path: Path) -> Certificate:
    return certificate(path, name="other.example")


@pytest.mark.parametrize(
    ("shown", "is_trusted"), [(_stranger, False), (_other_name, True)], ids=["stranger", "name"]
)
def test_a_wrong_certificate_gets_nothing(
    shown: Callable[[Path], Certificate],
    is_trusted: bool,
    home: Home,
    tmp_path: Path,
    trusted: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that nobody vouches for, and one for another name: nothing is sent, and it is said why."""
    other = shown(tmp_path)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(other.pem))
    with Receiver(always(), other.server_context()) as receiver:
        problem = refused(hook(receiver.url), home)
    assert problem.reason.startswith("its certificate is not right: ")
    assert not problem.uncertain
    assert receiver.received == []


def test_tls_with_one_who_speaks_none(home: Home) -> None:
    """A plain receiver behind https, and one that hangs in the handshake."""
    with Receiver(always()) as receiver:
        problem = refused(hook(receiver.url.replace("http:", "https:")), home)
    assert problem.reason == "TLS failed, or it does not speak TLS"
    with RudeServer(hangs) as server:
        problem = refused(hook(f"https://127.0.0.1:{server.port}/", timeout_ms=200), home)
    assert problem.reason == "it did not answer within 0.2 s"
    assert not problem.uncertain


def test_a_connection_that_was_cut_before_the_handshake_carries_nothing(
    home: Home, trusted: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is over before TLS begins: nothing goes out, and it is certain that nothing did."""
    made = tls.context()

    def late() -> ssl.SSLContext:
        time.sleep(0.1)
        return made

    monkeypatch.setattr(tls, "context", late)
    with RudeServer(hangs) as server:
        problem = refused(hook(f"https://127.0.0.1:{server.port}/", timeout_ms=50), home)
    assert problem.reason == "it did not answer within 0.05 s"
    assert not problem.uncertain


def test_what_is_no_text_is_sent_all_the_same(home: Home) -> None:
    """Half a character of UTF-16, control characters: the JSON stays JSON."""
    told = message(notice(output_end="a\ud800b\x00\x1b[2J", summary="x\ny"))
    with Receiver(always()) as receiver:
        open_channel(hook(receiver.url), home, {}).send(told)
    body = json.loads(receiver.received[0].body)
    assert body["data"]["notices"][0]["output_end"] == "a?b\x00\x1b[2J"


def test_a_receiver_that_comes_back_gets_the_same_message(home: Home) -> None:
    """A try that failed changes nothing: the next one has the same id and body, and a time of its own."""
    with Receiver(always(500)) as receiver:
        channel = open_channel(hook(receiver.url, secret=Secret(env="S")), home, {"S": SECRET})
        with pytest.raises(NotDelivered):
            channel.send(message())
        receiver.behaviour = lambda _: Reply(200)
        channel.send(message())
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
