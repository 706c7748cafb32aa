"""The whole way to real receivers: a mail server with TLS and a log-in, an HTTPS server, a service, a command."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Judge

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from scheduler.home import Home
from scheduler.notifications.channels import open_channel
from tests.support.certificates import certificate
from tests.support.receiver import Receiver, always
from tests.support.smtp_server import SmtpServer
from tests.support.told_home import ToldHome

SECRETS = {"PASSWORD": "hunter2-s3cr3t", "WHSEC": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
CONFIG = """\
channels:
  mail:
    email: ops@example.org
    smtp: {{port: {smtp}, user: ops, password: {{env: PASSWORD}}}}
  pager: {{webhook: "{url}/t0ken-in-address", secret: {{env: WHSEC}}}}
  desk: {{command: [sh, -c, "test ! -e away && cat >> told"]}}
  check: {{ping: "{url}/ch3ck"}}
jobs: {{}}
"""


def test_receivers_that_refuse_and_come_back_are_told_and_nothing_secret_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the four kinds is away first and then back; what is told arrives once, and is on record."""
    shown = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.pem))
    root = tmp_path / "home"
    with (
        Receiver(always(500), shown.server_context()) as receiver,
        SmtpServer(shown.server_context(), password=SECRETS["PASSWORD"]) as mail,
    ):
        mail.refusals["ops@example.org"] = "451 come back later"
        config = CONFIG.format(smtp=mail.port, url=receiver.url)
        told = ToldHome(root, config, partial(open_channel, home=Home(root), environ=SECRETS))
        (root / "away").touch()
        told.writer.serve()
        notify = Notify(channels=("mail", "pager", "desk", "check"))
        told.writer.define("job", JobDefinition(name="job", command="x", every="1h", notify=notify))
        run = told.fail("job")
        told.turn()
        assert told.entries() == []
        tried = len(receiver.received)
        receiver.behaviour = always(204)
        mail.refusals.clear()
        (root / "away").unlink()
        told.turn(61)
        assert {
            (each.channel, each.tries > 1) for each in told.records() if isinstance(each, v.NotificationSent)
        } == {
            ("mail", True),
            ("pager", True),
            ("desk", True),
            ("check", True),
        }
    pager, check = sorted(receiver.received[tried:], key=lambda each: "ch3ck" in each.path)
    assert Judge(SECRETS["WHSEC"]).verify(pager.body, pager.headers)["data"]["notices"][0]["run"] == run
    assert {each.headers["webhook-id"] for each in receiver.received if "t0ken" in each.path} == {
        pager.headers["webhook-id"]
    }
    assert check.path == "/ch3ck/fail"
    (letter,) = mail.letters
    assert (letter.is_tls, letter.user) == (True, "ops")
    assert f"run {run} of job failed" in letter.mail["Subject"]
    assert json.loads((root / "told").read_text())["data"]["notices"][0]["run"] == run
    kept = b"".join(path.read_bytes() for path in (root / "var").rglob("*") if path.is_file())
    for secret in (*SECRETS.values(), "t0ken", "ch3ck", "ops@example.org"):
        assert secret.encode() not in kept
