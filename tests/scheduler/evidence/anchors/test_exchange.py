"""HTTP with strangers: whatever they do, it ends in time and in words, and nothing secret is told."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from scheduler.evidence.anchors import exchange
from scheduler.evidence.anchors.parcel import AnchorFailed
from scheduler.evidence.anchors.settings import AnchorSettings
from tests.support.receiver import Receiver, Reply, always


def test_what_is_sent_and_answered() -> None:
    """The body and the headers arrive; the status and the body come back. A password in the address is a header."""
    with Receiver(always(201, b"kept")) as receiver:
        url = receiver.url.replace("//", "//ann:s%20ecret@")
        assert exchange.post(f"{url}/in?a=b", b"note", {"Content-Type": "text/plain"}) == (201, b"kept")
    (request,) = receiver.received
    assert (request.method, request.path, request.body) == ("POST", "/in?a=b", b"note")
    assert request.headers["authorization"] == "Basic YW5uOnMgZWNyZXQ="
    assert request.headers["content-type"] == "text/plain"


def test_no_redirect_is_followed() -> None:
    """It is told as what it is; nothing is sent to where it points."""
    with Receiver(always()) as other, Receiver(always(307, headers=(("Location", other.url),))) as receiver:
        answer = exchange.post(receiver.url, b"note", {})
        with pytest.raises(AnchorFailed, match="no redirect is followed"):
            exchange.check(answer)
    assert other.received == []


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(body=bytes(exchange.ANSWER_BYTES_MAX + 1)), "more than 65,536 bytes"),
        (Reply(raw=b"nonsense\r\n\r\n"), "the connection broke, or it does not speak HTTP"),
        (Reply(raw=b""), "the connection broke"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "cut off|broke"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "broke|cut off"),
    ],
)
def test_a_server_that_answers_nonsense(reply: Reply, why: str) -> None:
    """It has failed, in words."""
    with Receiver(lambda _: reply) as receiver, pytest.raises(AnchorFailed, match=why):
        exchange.post(receiver.url, b"note", {})


def test_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its answer, or in the midst of it: it is given up in time."""
    monkeypatch.setattr(exchange, "TOTAL_S", 0.1)
    hanging = always(wait=threading.Event())
    with Receiver(hanging) as receiver, pytest.raises(AnchorFailed, match="did not answer in time"):
        exchange.post(receiver.url, b"note", {})
    dripping = always(200, b"x" * 10_000, drip_s=0.01)
    with Receiver(dripping) as receiver, pytest.raises(AnchorFailed, match=r"not whole within 0\.1 s"):
        exchange.post(receiver.url, b"note", {})


def test_a_server_that_is_not_there() -> None:
    """No connection; a name that there is not; and the message holds nothing of the address."""
    with Receiver(always()) as receiver:
        gone = receiver.url
    for url in (f"{gone}/secret", "http://secret.invalid/", "https://127.0.0.1:1/secret"):
        with pytest.raises(AnchorFailed) as failed:
            exchange.get(url, {})
        assert "secret" not in str(failed.value)


def test_a_refused_connection_is_not_called_slow() -> None:
    """Whoever reads the message looks for a server that is down, and not for a slow network."""
    with Receiver(always()) as receiver:
        url = receiver.url
    with pytest.raises(AnchorFailed, match="no connection"):
        exchange.get(url, {})


def test_a_server_without_a_trusted_certificate() -> None:
    """What answers without TLS where TLS is wanted is not trusted."""
    with Receiver(always()) as receiver, pytest.raises(AnchorFailed, match=r"TLS|broke"):
        exchange.get(receiver.url.replace("http:", "https:"), {})


def test_what_proves_who_we_are_is_read_each_time(tmp_path: Path) -> None:
    """From a file; what is no header, or cannot be read, is said without telling what it holds."""
    anchor = AnchorSettings(kind="webhook", target="https://x", authorization="token")
    assert exchange.authorization(AnchorSettings(kind="webhook", target="https://x"), tmp_path) == {}
    token = tmp_path / "token"
    token.write_text("Bearer abc\n")
    assert exchange.authorization(anchor, tmp_path) == {"Authorization": "Bearer abc"}
    for raw in (b"", b"a\nb", b"\xff", b"a" * 20_000):
        token.write_bytes(raw)
        with pytest.raises(AnchorFailed, match="is no header"):
            exchange.authorization(anchor, tmp_path)
    token.unlink()
    with pytest.raises(AnchorFailed, match="cannot be read"):
        exchange.authorization(anchor, tmp_path)
