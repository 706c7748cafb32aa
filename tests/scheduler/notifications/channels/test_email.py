"""E-mail: what a real SMTP server gets, and what is made of servers that do not take it."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest

from scheduler.definition import Secret
from scheduler.home import Home
from scheduler.notifications.channels import open_channel
from scheduler.notifications.message import Message
from scheduler.notifications.settings import Channel, Smtp
from scheduler.notifications.transport import NotDelivered
from tests.support.certificates import Certificate, certificate
from tests.support.notices import message, notice
from tests.support.rude_server import LATE, LONG_MS, SHORT_MS, Rudeness, RudeServer, drips, hangs, says
from tests.support.smtp_server import SmtpServer

PASSWORD = "hunter2-s3cr3t"


def mail_to(port: int, *to: str, smtp: dict[str, Any] | None = None, **more: Any) -> Channel:
    """A channel whose server listens on this machine, without TLS unless `smtp` says otherwise."""
    settings = Smtp(**{"host": "127.0.0.1", "port": port, **(smtp or {})})
    return Channel(name="c", kind="email", to=to or ("ops@example.org",), smtp=settings, **more)


def send(channel: Channel, home: Home, told: Message | None = None) -> None:
    """Send a message, with a password in the environment."""
    open_channel(channel, home, {"PASSWORD": PASSWORD, "WRONG": "wrong"}).send(told or message())


def refused(channel: Channel, home: Home) -> NotDelivered:
    """Why a message is not delivered."""
    with pytest.raises(NotDelivered) as caught:
        send(channel, home)
    assert PASSWORD not in caught.value.reason
    return caught.value


def takes_all(line: Any) -> None:
    """Have the whole conversation up to the end of the mail, and say nothing of that."""
    line.sendall(b"220 x\r\n")
    for answer in (b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
        line.recv(65_536)
        line.sendall(answer)
    got = b""
    while not got.endswith(b"\r\n.\r\n"):
        got += line.recv(65_536)


def test_a_mail_is_plain_text_for_people(home: Home) -> None:
    """Subject, sender, recipients, and the whole of what there is to say; no automatic answer is asked for."""
    with SmtpServer() as server:
        send(
            mail_to(server.port, "ops@example.org", "b@example.org", smtp={"sender": "cron@web1.example"}),
            home,
        )
    (letter,) = server.letters
    assert (letter.sender, letter.to) == ("cron@web1.example", ["ops@example.org", "b@example.org"])
    mail = letter.mail
    assert mail["Subject"] == "[web1] backup failed with exit code 3"
    assert mail["From"] == "cronledger <cron@web1.example>"
    assert mail["To"] == "ops@example.org, b@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{message().id}@web1.example>"
    assert mail["Date"]
    assert mail.get_content_type() == "text/plain"
    assert "    | no space left\r\n" in mail.get_content()
    assert "cronledger runs show 41" in mail.get_content()


def test_the_same_told_again_is_the_same_mail(home: Home) -> None:
    """So that whoever reads it, or their server, can tell that it is a repetition."""
    with SmtpServer() as server:
        send(mail_to(server.port), home)
        send(mail_to(server.port), home, message(repeated=True))
    first, second = (letter.mail for letter in server.letters)
    assert first["Message-ID"] == second["Message-ID"]
    assert second["Subject"].endswith("(repeated)")


@pytest.mark.parametrize(
    ("template", "told", "subject"),
    [
        ("[prod] {subject}", message(), "[prod] [web1] backup failed with exit code 3"),
        (
            "{job}/{run} {kind} {outcome} {host} {channel}",
            message(),
            "backup/41 failure failed web1 c",
        ),
        (
            "{job}|{run}|{kind}|{counts}",
            message(notice(1), notice(2, run=42), notice(3, kind="recovery", run=43, outcome="succeeded")),
            "backup||| 2 failures, 1 recovery".replace("| ", "|"),
        ),
        ("{job}: {counts}", message(omitted=7, counts={"failure": 8}), ": 8 failures"),
        ("{{{job}}}", message(), "{backup}"),
    ],
)
def test_a_subject_of_one_s_own(template: str, told: Message, subject: str, home: Home) -> None:
    """Fields stand for what they name; of several notices for what these have in common."""
    with SmtpServer() as server:
        send(mail_to(server.port, subject=template), home, told)
    assert server.letters[0].mail["Subject"] == subject


def test_nothing_that_is_told_can_break_the_headers_or_end_the_mail(home: Home) -> None:
    """Line ends, a lone dot, braces, other alphabets, control characters and halves of characters."""
    told = message(
        notice(
            job="x\r\nBcc: evil@example.org",
            summary="{host.__class__} ünïcode\r\nBcc: evil@example.org\n\n.\r\nQUIT",
            output_end=".\n..\nFrom me\n" + "x" * 3_000 + "\nbad \ud800 \x00 end\n.\n",
        ),
        host="web1\r\nBcc: evil@example.org",
    )
    for template in (None, "{job} {host}"):
        with SmtpServer() as server:
            send(mail_to(server.port, subject=template), home, told)
        (letter,) = server.letters
        assert letter.to == ["ops@example.org"]
        assert letter.mail["Bcc"] is None
        assert "\n" not in letter.mail["Subject"]
        assert max(map(len, letter.raw.split(b"\r\n"))) <= 998
        body = letter.mail.get_content().replace("\r\n", "\n")
        assert "    | .\n    | ..\n    | From me\n" in body
        assert "x" * 3_000 in body
        assert "end\n    | .\n" in body


def test_starttls_and_a_log_in(home: Home, trusted: Certificate) -> None:
    """The password goes over TLS alone."""
    login = {"tls": "starttls", "user": "ops", "password": Secret(env="PASSWORD")}
    with SmtpServer(trusted.server_context(), password=PASSWORD) as server:
        send(mail_to(server.port, smtp=login), home)
    (letter,) = server.letters
    assert letter.is_tls
    assert letter.user == "ops"


def test_tls_from_the_first_byte(home: Home, trusted: Certificate) -> None:
    """`tls: implicit`."""
    with SmtpServer(trusted.server_context(), implicit=True) as server:
        send(mail_to(server.port, smtp={"tls": "implicit"}), home)
    assert server.letters[0].is_tls


def test_without_starttls_nothing_is_sent(home: Home) -> None:
    """A server, or whoever stands between, that leaves it out gets neither password nor mail."""
    with SmtpServer(password=PASSWORD) as server:
        problem = refused(
            mail_to(server.port, smtp={"tls": "starttls", "user": "ops", "password": Secret(env="PASSWORD")}),
            home,
        )
    assert problem.reason == "the server offers no STARTTLS, and without it nothing is sent: see smtp.tls"
    assert server.letters == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_is_wrong_gets_nothing(
    tls: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is trusted, but for another name: neither password nor mail."""
    other = certificate(tmp_path, name="other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.pem))
    login = {"tls": tls, "user": "ops", "password": Secret(env="PASSWORD")}
    with SmtpServer(other.server_context(), implicit=tls == "implicit", password=PASSWORD) as server:
        problem = refused(mail_to(server.port, smtp=login), home)
    assert problem.reason.startswith("its certificate is not right: ")
    assert server.letters == []


def test_a_wrong_password_is_told(home: Home) -> None:
    """It is tried again later: somebody may change it. What the server says is not repeated, nor the password."""
    login = {"tls": "none", "user": "ops", "password": Secret(env="WRONG")}
    with SmtpServer(password=PASSWORD) as server:
        problem = refused(mail_to(server.port, smtp=login), home)
    assert problem.reason == "the server does not know user and password: it answered 535"
    assert not problem.permanent
    assert problem.wait_s == 60
    gone = {**login, "password": Secret(file="gone")}
    assert "its password cannot be read from" in refused(mail_to(1, smtp=gone), home).reason


@pytest.mark.parametrize(
    ("answer", "permanent"), [("550 5.1.1 no such user", True), ("451 greylisted, come back", False)]
)
def test_a_recipient_that_is_refused(answer: str, permanent: bool, home: Home) -> None:
    """For ever or for now; where another one is taken, the mail goes there, and it is said who has not got it."""
    with SmtpServer() as server:
        server.refusals["a@example.org"] = answer
        problem = refused(mail_to(server.port, "a@example.org"), home)
        assert problem.reason == f"the server refuses a@example.org: {answer}"
        assert (problem.permanent, problem.uncertain, problem.wait_s) == (permanent, False, 60)
        assert server.letters == []
        problem = refused(mail_to(server.port, "a@example.org", "b@example.org"), home)
    assert problem.reason == f"the server took it for some and refused it for a@example.org: {answer}"
    assert problem.permanent
    assert [letter.to for letter in server.letters] == [["b@example.org"]]


@pytest.mark.parametrize(("answer", "permanent"), [("554 5.7.1 spam", True), ("452 4.3.1 no space", False)])
def test_a_mail_that_is_refused(answer: str, permanent: bool, home: Home) -> None:
    """Told with the server's words, and whether another try is of use."""
    with SmtpServer() as server:
        server.refusals["DATA"] = answer
        problem = refused(mail_to(server.port), home)
    assert problem.reason == f"the server does not take it: {answer}"
    assert (problem.permanent, problem.uncertain) == (permanent, False)


def test_a_server_that_repeats_the_password_does_not_have_it_recorded(home: Home) -> None:
    """What it says is told without it, in one line, however long it is."""
    said = f"550-no {PASSWORD}\r\n550 {base64.b64encode(b'x').decode()} \x1b[2J" + "y" * 400 + "\r\n"

    def rudeness(line: Any) -> None:
        line.sendall(b"220 x\r\n")
        for answer in ("250-x\r\n250 AUTH PLAIN\r\n", "235 ok\r\n", said):
            line.recv(65_536)
            line.sendall(answer.encode())
        hangs(line)

    login = {"tls": "none", "user": "ops", "password": Secret(env="PASSWORD")}
    with RudeServer(rudeness) as server:
        problem = refused(mail_to(server.port, smtp=login), home)
    assert problem.reason.startswith("the server does not take mail from ")
    assert "550 no ***" in problem.reason
    assert problem.reason.isprintable()
    assert len(problem.reason) < 400


CLOSED = "the server closed the connection, or it does not speak SMTP"


@pytest.mark.parametrize(
    ("rudeness", "words"),
    [
        (hangs, f"the server {LATE}"),
        (drips(b"220 "), f"the server {LATE}"),
        (drips(b"220-x\r\n", 0.02), f"the server {LATE}"),
        (lambda line: None, CLOSED),
        (says(b"220 x\r\n"), CLOSED),
        (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), CLOSED),
        (says(b"220-x\r\n" * 100_000), "the server says more than a mail server does"),
        (says(b"220 " + b"x" * 100_000 + b"\r\n"), "the server says more than a mail server does"),
        (says(b"421 busy\r\n"), "the server answered 421 busy"),
        (says(b"554 go away\r\n"), "the server answered 554 go away"),
    ],
    ids=["hangs", "drips", "drips lines", "closes", "greets", "http", "endless", "long line", "busy", "no"],
)
def test_a_rude_server_is_told_in_time(rudeness: Rudeness, words: str, home: Home) -> None:
    """Whatever it does, it is over in time, and it is certain that it has no mail."""
    with RudeServer(rudeness) as server:
        began_s = time.monotonic()
        problem = refused(
            mail_to(server.port, timeout_ms=SHORT_MS if words.endswith(LATE) else LONG_MS), home
        )
        took_s = time.monotonic() - began_s
    assert problem.reason == words
    assert (problem.permanent, problem.uncertain, problem.wait_s) == (False, False, 0)
    assert took_s < 5


@pytest.mark.parametrize("closes", [True, False])
def test_a_server_that_says_nothing_of_the_whole_mail_may_have_it(closes: bool, home: Home) -> None:
    """It hangs, or closes, when it has all of it: nobody knows, and so it is said."""

    def rudeness(line: Any) -> None:
        takes_all(line)
        if not closes:
            hangs(line)

    with RudeServer(rudeness) as server:
        problem = refused(mail_to(server.port, timeout_ms=LONG_MS if closes else SHORT_MS), home)
    assert problem.reason == (CLOSED if closes else f"the server {LATE}")
    assert problem.uncertain
    assert not problem.permanent


def test_a_server_that_never_says_goodbye_has_the_mail(home: Home) -> None:
    """What comes behind the 250 for the mail changes nothing."""

    def rudeness(line: Any) -> None:
        takes_all(line)
        line.sendall(b"250 taken\r\n")
        hangs(line)

    with RudeServer(rudeness) as server:
        send(mail_to(server.port, timeout_ms=SHORT_MS), home)
