"""`notify test`: what it says of a channel, and how it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import call
from tests.support.home import make_home
from tests.support.receiver import Receiver, always
from tests.support.smtp_server import SmtpServer


def test_a_message_is_sent_now(tmp_path: Path) -> None:
    """To a webhook, by mail and to a service; each is told that it is a test, nothing is recorded."""
    with Receiver(always()) as receiver, SmtpServer() as server:
        home = make_home(
            tmp_path,
            "jobs: {}\nchannels:\n"
            f"  pager: {{webhook: '{receiver.url}/in'}}\n"
            f"  check: {{ping: '{receiver.url}/check'}}\n"
            f"  mail: {{email: ops@example.org, smtp: {{port: {server.port}}}}}\n",
        ).root
        pager = call("notify", "test", "pager", home=home)
        check = call("notify", "test", "check", home=home)
        mail = call("notify", "test", "mail", home=home)
    assert (pager.code, check.code, mail.code) == (0, 0, 0)
    assert pager.out.startswith("pager: the test message was delivered in ")
    assert "to the mail server localhost, which has it for ops@example.org" in " ".join(mail.out.split())
    webhook, ping = receiver.received
    assert json.loads(webhook.body)["type"] == "cronledger.test"
    assert ping.path == "/check"
    (letter,) = server.letters
    assert "This is a test of the channel mail" in letter.mail["Subject"]
    assert "entry" not in letter.mail.get_content()
    assert not (home / "var" / "ledger").exists()


def test_one_that_does_not_take_it_is_told_with_exit_code_1(tmp_path: Path) -> None:
    """For people and for programs; the address is a secret."""
    with Receiver(always(500)) as receiver:
        home = make_home(
            tmp_path, f"jobs: {{}}\nchannels: {{pager: {{webhook: '{receiver.url}/s3cr3t'}}}}\n"
        ).root
        told = call("notify", "test", "pager", home=home)
        shown = call("notify", "test", "pager", "--json", home=home)
    assert (told.code, shown.code) == (1, 1)
    words = " ".join(told.err.split())
    assert "the test message to pager was not delivered: it answered 500, Internal Server Error" in words
    document = json.loads(shown.out)
    assert document["delivered"] is False
    assert document["error"] == "it answered 500, Internal Server Error"
    assert "s3cr3t" not in told.err + told.out + shown.err + shown.out


@pytest.mark.parametrize(
    ("channels", "name", "words"),
    [
        ("channels: {pager: {command: x}}", "pagr", "did you mean pager?"),
        ("channels: {pager: {command: x}}", "zzzz", "The config has pager."),
        ("", "pager", "the config has none"),
        ("channels: {pager: {comand: x}}", "pager", "unknown key 'comand' in a channel"),
    ],
)
def test_a_channel_that_is_none_is_a_mistake(channels: str, name: str, words: str, tmp_path: Path) -> None:
    """Exit code 2, with what was probably meant."""
    told = call("notify", "test", name, home=make_home(tmp_path, f"jobs: {{}}\n{channels}\n").root)
    assert told.code == 2
    assert words in " ".join(told.err.split())
