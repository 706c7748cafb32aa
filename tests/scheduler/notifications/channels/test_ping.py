"""A ping: which address it asks for, and what it says there."""

from __future__ import annotations

import pytest

from scheduler.definition import Secret
from scheduler.home import Home
from scheduler.notifications.channels import open_channel
from scheduler.notifications.channels.ping import BODY_BYTES_MAX
from scheduler.notifications.message import Message
from scheduler.notifications.settings import Channel
from scheduler.notifications.transport import NotDelivered
from tests.support.notices import message, notice
from tests.support.receiver import Receiver, Request, always

START = notice(1, kind="started", outcome=None, output_end="")
SUCCESS = notice(2, kind="finished", outcome="succeeded", summary="backup succeeded", output_end="done\n")
FAILURE = notice(3)


def asked(told: Message, home: Home, below: str = "/5c2c") -> Request:
    """What a service gets of a message."""
    with Receiver(always()) as receiver:
        channel = Channel(name="c", kind="ping", url=f"{receiver.url}{below}")
        open_channel(channel, home, {}).send(told)
    (request,) = receiver.received
    return request


@pytest.mark.parametrize(
    ("told", "path", "body"),
    [
        (message(START), "/5c2c/start", b"backup failed with exit code 3"),
        (message(SUCCESS), "/5c2c", b"backup succeeded\n\ndone\n"),
        (message(FAILURE), "/5c2c/fail", b"backup failed with exit code 3\n\ncopying\nno space left\n"),
        (message(notice(kind="lost", outcome="lost", output_end="", summary="lost")), "/5c2c/fail", b"lost"),
        (message(notice(kind="finished", outcome="cancelled", output_end="", summary="x")), "/5c2c/fail", b"x"),
        (message(START, SUCCESS), "/5c2c", b"backup succeeded\n\ndone\n"),
        (message(FAILURE, SUCCESS), "/5c2c", b"backup succeeded\n\ndone\n"),
        (message(SUCCESS, FAILURE, START), "/5c2c/fail",
         b"backup failed with exit code 3\n\ncopying\nno space left\n"),
        (message(FAILURE, notice(4, job="other", kind="finished", outcome="succeeded")), "/5c2c/fail",
         b"backup failed with exit code 3\n\ncopying\nno space left\n"),
    ],
)  # fmt: skip
def test_start_success_and_failure_have_their_addresses(
    told: Message, path: str, body: bytes, home: Home
) -> None:
    """With the end of the output; of several notices the last end of each job counts, a failure first."""
    request = asked(told, home)
    assert (request.method, request.path, request.body) == ("POST", path, body)
    assert request.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("below", "path"),
    [("", "/fail"), ("/", "/fail"), ("/a/", "/a/fail"), ("/a?key=1", "/a/fail?key=1")],
)
def test_the_address_may_have_any_form(below: str, path: str, home: Home) -> None:
    """What stands behind `?` stays there."""
    assert asked(message(), home, below).path == path


def test_the_output_s_end_is_bounded(home: Home) -> None:
    """Its last bytes are sent, and halves of characters are no hindrance."""
    body = asked(message(notice(output_end="\ud800" + "ä" * 20_000 + "end")), home).body
    assert len(body) == BODY_BYTES_MAX
    assert body.endswith("äend".encode())


def test_a_service_that_does_not_take_it(home: Home) -> None:
    """It is told; the address, which is the secret, is not."""
    with Receiver(always(404)) as receiver:
        channel = Channel(name="c", kind="ping", url=Secret(env="CHECK"))
        with pytest.raises(NotDelivered) as caught:
            open_channel(channel, home, {"CHECK": f"{receiver.url}/s3cr3t"}).send(message())
    assert caught.value.reason == "it answered 404, Not Found"
    assert receiver.received[0].path == "/s3cr3t/fail"
