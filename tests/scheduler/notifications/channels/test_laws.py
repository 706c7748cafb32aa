"""Whatever a job printed or is called: a message stays one message."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.notifications.channels.document import document
from scheduler.notifications.channels.email import mail
from scheduler.notifications.channels.ping import state
from scheduler.notifications.settings import Channel
from tests.support.examples import examples
from tests.support.notices import message, notice

TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        "\r\nBcc: x@y",
        "\n.\n",
        "=?utf-8?q?=0A?=",
        "\ud800",
        "\x00",
        "\x1b[2J",
        "\u2028Bcc: x",
        "{host}",
        "a" * 300,
        "",
    ]
)
HEADERS = {
    "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
    "MIME-Version",
}  # fmt: skip


@settings(max_examples=examples(40))
@given(TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from([None, "{job} {host}", "{subject}"]))
def test_no_text_breaks_a_mail(job: str, summary: str, output: str, host: str, subject: str | None) -> None:
    """It has its own headers and no other, in ASCII, with lines of bounded length."""
    told = message(notice(job=job, summary=summary, output_end=output), host=host)
    channel = Channel(name="c", kind="email", to=("ops@example.org",), subject=subject)
    made = mail(told, channel, "cron@web1.example")
    raw = made.as_bytes(policy=made.policy.clone(cte_type="7bit"))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert set(made.keys()) == HEADERS
    lines = [line for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert {line.partition(b":")[0].decode() for line in lines} == HEADERS
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    assert b"\n" not in body.replace(b"\r\n", b"")


@settings(max_examples=examples(40))
@given(TEXTS, TEXTS, TEXTS)
def test_each_text_is_json(job: str, summary: str, output: str) -> None:
    """What was text comes back as it was; what was none has question marks."""
    told = message(notice(job=job, summary=summary, output_end=output))
    found = json.loads(document(told))["data"]["notices"][0]
    for name, text in (("job", job), ("summary", summary), ("output_end", output)):
        assert found.get(name, "") == text.encode(errors="replace").decode()


ENDS = st.sampled_from(
    [("started", None), ("failure", "failed"), ("finished", "succeeded"), ("lost", "lost")]
)


@settings(max_examples=examples(60))
@given(st.lists(st.tuples(st.sampled_from("ab"), ENDS), min_size=1, max_size=8))
def test_a_ping_hides_no_failure(news: list[tuple[str, tuple[str, str | None]]]) -> None:
    """Where the last end of a job is a failure, a failure is told; a start only where nothing has ended."""
    told = [
        notice(seq, job=job, kind=kind, outcome=outcome) for seq, (job, (kind, outcome)) in enumerate(news)
    ]
    last = {each.job: each.outcome for each in told if each.outcome is not None}
    path, of = state(told)
    if any(outcome != "succeeded" for outcome in last.values()):
        assert path == "/fail"
    elif last:
        assert path == ""
    else:
        assert path == "/start"
    assert of in told
