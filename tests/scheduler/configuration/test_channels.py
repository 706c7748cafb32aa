"""The `channels:` block: what it sets, and what is refused in it."""

from __future__ import annotations

import re

import msgspec
import pytest

from scheduler.configuration.keys.channel_keys import CHANNEL_KEYS, KIND_KEYS, KINDS
from scheduler.configuration.keys.starter import STARTER
from scheduler.definition import Secret
from scheduler.notifications.settings import Channel, Smtp
from tests.scheduler.configuration.reading import read, refused, the_mistake

OTHERS = {
    "webhook": "webhook: 'https://x.example'",
    "email": "email: a@b",
    "command": "command: x",
    "ping": "ping: 'https://x.example'",
}


def channel(body: str) -> Channel:
    """One channel, from its keys in flow style without the braces."""
    return read(f"channels: {{c: {{{body}}}}}\njobs: {{}}").channels["c"]


def beside(name: str) -> str:
    """What a channel needs so that it may have a key."""
    return "" if name in KINDS else OTHERS[KIND_KEYS.get(name, KINDS)[0]]


def test_without_the_block_there_are_none() -> None:
    """A config that names no channel has none."""
    assert dict(read("jobs: {}").channels) == {}


def test_what_is_written_is_read() -> None:
    """Each kind, with the keys that belong to it."""
    found = read(
        """
        jobs: {}
        channels:
          mail:
            email: [ops@example.org, a.b+c@sub.example.org]
            smtp: {host: mail.example.org, user: ops, password: {file: keys/smtp}, from: cron@example.org}
            subject: "[prod] {subject}"
            digest: none
          pager:
            webhook: "https://p.example/in?x=1"
            secret: {file: keys/pager}
            headers: {Authorization: {env: TOKEN}, X-Team: ops}
            tags: prod
            when: [failure, recovery]
            threshold: 2
            timeout: 5s
          tell: {command: /bin/tell 'the ops', digest: 5m}
          checks: {ping: {env: CHECK}}
        """
    ).channels
    assert list(found) == ["mail", "pager", "tell", "checks"]
    assert found["mail"] == Channel(
        name="mail",
        kind="email",
        to=("ops@example.org", "a.b+c@sub.example.org"),
        smtp=Smtp(
            host="mail.example.org", user="ops", password=Secret(file="keys/smtp"), sender="cron@example.org"
        ),
        subject="[prod] {subject}",
        digest_ms=0,
    )
    assert found["pager"] == Channel(
        name="pager",
        kind="webhook",
        url="https://p.example/in?x=1",
        secret=Secret(file="keys/pager"),
        headers={"Authorization": Secret(env="TOKEN"), "X-Team": "ops"},
        tags=("prod",),
        when=("failure", "recovery"),
        threshold=2,
        timeout_ms=5_000,
    )
    assert found["tell"] == Channel(
        name="tell", kind="command", command=("/bin/tell", "the ops"), digest_ms=300_000
    )
    assert found["checks"] == Channel(name="checks", kind="ping", url=Secret(env="CHECK"))


@pytest.mark.parametrize(
    ("smtp", "tls", "port"),
    [
        ("{host: localhost}", "none", 25),
        ("{host: mail.example.org}", "starttls", 25),
        ("{host: mail.example.org, user: u, password: {env: P}}", "starttls", 587),
        ("{host: localhost, user: u, password: {env: P}}", "starttls", 587),
        ("{host: localhost, tls: none, user: u, password: {env: P}}", "none", 587),
        ("{host: mail.example.org, tls: implicit}", "implicit", 465),
        ("{host: mail.example.org, tls: none, port: 2525}", "none", 2525),
    ],
)
def test_what_is_not_written_of_a_mail_server_follows_from_the_rest(smtp: str, tls: str, port: int) -> None:
    """To another machine it is STARTTLS unless something else is written; the port follows from that."""
    found = channel(f"email: a@b.example, smtp: {smtp}").smtp
    assert (found.effective_tls, found.effective_port) == (tls, port)


@pytest.mark.parametrize(
    ("body", "message", "suggestion"),
    [
        ("", "exactly one of webhook, email, command, ping", ""),
        ("tags: prod", "exactly one of", ""),
        ("email: a@b, ping: 'https://x.example'", "this is email and ping", ""),
        ("mail: a@b", "unknown key 'mail' in a channel", "email"),
        ("url: 'https://x.example'", "unknown key 'url'", "webhook"),
        ("webhok: 'https://x.example'", "unknown key 'webhok'", "webhook"),
        ("retry: {attempts: 3}, email: a@b", "retry does not belong to a channel", ""),
        ("email: 'Ops <ops@b.example>'", "is no address of e-mail", "ops@b.example"),
        ("email: 'mailto:ops@b.example'", "is no address of e-mail", "ops@b.example"),
        ("email: root", "'root' is no address of e-mail, such as ops@example.org", ""),
        ("email: 'a@b.example, c@d.example'", "several of them are a list", "[a@b.example, c@d.example]"),
        ("email: 'a@b.example, c'", "is no address of e-mail", ""),
        ("email: 'a@b\\n'", "is no address of e-mail", ""),
        ('email: "a@b\\r\\nBcc: c@d"', "is no address of e-mail", ""),
        ("email: []", "the list is empty", ""),
        ("email: a@b, smtp: {host: 'mail:25'}", "the name or address of a host", "mail, port: 25"),
        ("email: a@b, smtp: {user: u}", "user and password belong together", ""),
        ("email: a@b, smtp: {user: u, password: hunter2}", "a secret is not written into the config", ""),
        ("email: a@b, smtp: {host: m, tls: none, user: u, password: {env: P}}", "would cross the network", ""),
        ("email: a@b, smtp: {tls: startls}", "starttls, implicit or none", "starttls"),
        ("email: a@b, smtp: {server: m}", "unknown key 'server' in smtp", "host"),
        ("email: a@b, smtp: none", "not 'none'", ""),
        ("email: a@b, subject: 'x {jbo}'", "no field {jbo}", "x {job}"),
        ("email: a@b, subject: '{job.name}'", "no field {job.name}", ""),
        ("email: a@b, subject: '{job!r}'", "no field {job!r}", ""),
        ("email: a@b, subject: '{job:>999999999}'", "no field {job:>999999999}", ""),
        ("email: a@b, subject: '{}'", "no field {}", ""),
        ("email: a@b, subject: '{job'", "a brace stands alone", ""),
        ('email: a@b, subject: "a\\nBcc: c"', "one line", ""),
        ("email: a@b, secret: {env: S}", "secret belongs to webhook, and this channel is email", ""),
        ("ping: 'https://x.example', when: failure", "each start and each end", ""),
        ("ping: 'https://x.example', subject: x", "subject belongs to email", ""),
        ("command: 'tell | cat'", "no shell reads this command", ""),
        ("command: []", "the list is empty", ""),
        ("command: x, when: started", "not 'started'", ""),
        ("command: x, when: failures", "not 'failures'", "failure"),
        ("command: x, threshold: 0", "from 1 to 1000", ""),
        ("command: x, digest: 5", "unit", "5s"),
        ("command: x, timeout: 6m", "from 1s to 5m", ""),
        ("webhook: 'https://x.example', secret: whsec_AAAA", "a secret is not written into the config", ""),
        ("webhook: 'https://x.example', headers: {Authorization: 'Bearer s3cr3t'}", "is not written into", ""),
        ("webhook: 'https://x.example', headers: {Webhook-Id: x}", "set by cronledger itself", ""),
        ("webhook: 'https://x.example', headers: {'X Y': x}", "no name of a header", ""),
        ('webhook: "https://x.example", headers: {X: "a\\r\\nB: c"}', "no value of a header", ""),
        ("webhook: 'ftp://x.example/s3cr3t'", "this is no address", ""),
        ("webhook: 's3cr3t.example/in'", "this is no address", ""),
        ("webhook: 'https://x.example/#s3cr3t'", "this is no address", ""),
        ("webhook: {fil: x}", "unknown key 'fil' of a secret", "file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(body: str, message: str, suggestion: str) -> None:
    """One mistake, with what was probably meant, and without what may be secret."""
    error = the_mistake(f"channels: {{c: {{{body}}}}}\njobs: {{}}")
    assert message in error.message
    assert error.suggestion == suggestion
    assert error.key.startswith("channels.c")
    for secret in ("s3cr3t", "hunter2", "whsec_"):
        assert secret not in error.message + error.suggestion + error.key


def test_mistakes_of_several_channels_are_told_together() -> None:
    """Reading goes on behind a mistake, and a channel's name is made like that of a job."""
    errors = refused("channels: {a: {email: x}, 'b c': {command: y}, d: [1]}\njobs: {}")
    assert [error.key for error in errors] == ["channels.a.email", "channels.b c", "channels.d"]
    assert "from the name of each channel" in the_mistake("channels: [mail]\njobs: {}").message


@pytest.mark.parametrize("name", CHANNEL_KEYS)
def test_each_key_is_complete_and_taught(name: str) -> None:
    """A key says what it takes and means; its example stands in the starter config and is accepted."""
    key = CHANNEL_KEYS[name]
    assert key.meaning.endswith(".")
    assert re.match(rf"{name}:\s", key.example)
    assert any(line.strip(" #").startswith(key.example) for line in STARTER.splitlines())
    written = ", ".join(filter(None, [key.example, beside(name)]))
    assert key.setting.shown(channel(written))
    default = msgspec.structs.fields(Channel)[Channel.__struct_fields__.index(key.member)].default
    if name in KINDS:
        assert key.default.startswith("none: ")
    elif name in ("secret", "headers"):
        assert key.default.startswith("none")
    else:
        assert key.setting.show(default) == key.default
        assert f"({key.default})" in key.comment


@pytest.mark.parametrize("name", CHANNEL_KEYS)
def test_each_key_takes_what_its_reader_asks_for(name: str) -> None:
    """What people are told that a key takes begins with what the message of a mistake asks for."""
    wrong = {"email": "[[]]", "when": "[[]]", "command": "{}", "tags": "{}"}.get(name, "[]")
    written = ", ".join(filter(None, [f"{name}: {wrong}", beside(name)]))
    error = the_mistake(f"channels: {{c: {{{written}}}}}\njobs: {{}}")
    message = error.message.partition(": this takes ")[2] if name == "secret" else error.message
    asked = re.sub(r", not a (list|mapping)$", "", message.removeprefix("this takes "))
    assert CHANNEL_KEYS[name].takes.startswith(asked)


def test_no_word_is_meant_for_two_keys() -> None:
    """A synonym is no key itself and leads to one key."""
    words = [word for key in CHANNEL_KEYS.values() for word in key.synonyms]
    assert len(words) == len(set(words))
    assert not set(words) & CHANNEL_KEYS.keys()
