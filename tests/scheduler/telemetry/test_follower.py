"""What is sent of a ledger, and when: with a receiver that is there, away, or refuses."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.telemetry import follower as follower_module
from scheduler.telemetry.follower import AGAIN_S_MAX, Follower
from scheduler.telemetry.otlp_sender import OtlpSender
from scheduler.telemetry.sent_state import SentState, keep_sent, read_sent
from scheduler.telemetry.trace_ids import span_id, trace_id
from tests.support.home import entries_of, write_config
from tests.support.ledger import Writer
from tests.support.otlp_receiver import facts, records_of, spans_of
from tests.support.receiver import Receiver, Reply


class Sent:
    """A home whose ledger is written by hand, and sent to a receiver.

    Attributes:
        now_s: by the clock of the follower.
    """

    def __init__(self, root: Path, receiver: Receiver, more: str = "") -> None:
        write_config(root, f'telemetry: {{otlp: "{receiver.url}"{more}}}\njobs: {{}}\n')
        self.writer = Writer(root, durable=True, step=timedelta(milliseconds=10))
        self.writer.define("a")
        self.writer.serve()
        self.now_s = 0.0
        self.restart()

    def restart(self) -> None:
        """Another process goes on."""
        self.sender = OtlpSender(self.writer.home)
        assert self.sender.follow_config()
        self.follower = Follower(self.writer.home, self.sender, lambda: self.now_s)

    def send(self) -> None:
        """Send all that can be sent now."""
        while self.follower.turn():
            pass

    def run(self) -> int:
        """One run of the job, which fails, and fails once more; its number."""
        run = self.writer.tick("a")
        self.writer.start("a", run)
        self.writer.finish("a", run, "failed", attempt=1, retry_at=self.writer.now)
        self.writer.start("a", run, attempt=2)
        self.writer.finish("a", run, "failed", attempt=2)
        return run


def test_a_run_is_a_span_and_each_attempt_one_below_it(tmp_path: Path) -> None:
    """Ids are derived, times are those of the ledger, and what failed is an error."""
    with Receiver(lambda _: Reply()) as receiver:
        sent = Sent(tmp_path, receiver)
        ledger, run = sent.writer.journal.ledger_id, sent.run()
        sent.send()
        whole, first, second = spans_of(receiver.received)
    assert {each.trace_id for each in (whole, first, second)} == {trace_id(ledger, run)}
    assert [each.span_id for each in (whole, first, second)] == [span_id(ledger, run, at) for at in range(3)]
    assert [each.parent_span_id for each in (whole, first, second)] == [b"", *[span_id(ledger, run)] * 2]
    assert whole.start_time_unix_nano < first.start_time_unix_nano < first.end_time_unix_nano
    assert first.end_time_unix_nano < second.start_time_unix_nano
    assert second.end_time_unix_nano == whole.end_time_unix_nano
    assert [each.status.code for each in (whole, first, second)] == [Status.STATUS_CODE_ERROR] * 3
    assert whole.status.message == "failed with exit code 1"
    told = facts(whole)
    assert (whole.name, told["cronledger.job"], told["cronledger.run"]) == ("a", "a", run)
    assert (told["cronledger.outcome"], told["cronledger.attempts"]) == ("failed", 2)
    assert (told["cronledger.entry.first"], told["cronledger.entry.last"]) == (run, run + 4)
    assert facts(second)["process.exit.code"] == 1
    assert facts(second)["host.name"] == "web1"


def test_each_entry_is_a_record_that_names_its_run(tmp_path: Path) -> None:
    """With the level and the message of the logs, from the start on, and without values of parameters."""
    with Receiver(lambda _: Reply()) as receiver:
        sent = Sent(tmp_path, receiver)
        asked = v.RunRequested(executor="self", params={"token": "hunter2"})
        run = sent.writer.record(asked, "a", OWN_SEQ, "user:ada@host").seq
        sent.writer.start("a", run, "manual")
        sent.writer.finish("a", run, "succeeded", "manual")
        sent.send()
        records = records_of(receiver.received)
        assert b"hunter2" not in b"".join(each.body for each in receiver.received)
    assert [facts(each)["cronledger.type"] for each in records] == [
        "scheduler.started",
        "run.requested",
        "run.started",
        "run.finished",
    ]
    ledger = sent.writer.journal.ledger_id
    assert [each.trace_id for each in records] == [b"", *[trace_id(ledger, run)] * 3]
    assert records[-1].span_id == span_id(ledger, run, 1)
    assert (records[-1].severity_text, records[-1].body.string_value[:13]) == ("INFO", "job succeeded")


def test_what_a_run_follows_is_linked(tmp_path: Path) -> None:
    """The run that it makes again, and those whose success it waited for."""
    with Receiver(lambda _: Reply()) as receiver:
        sent = Sent(tmp_path, receiver)
        upstream = sent.writer.tick("a")
        sent.writer.start("a", upstream)
        sent.writer.finish("a", upstream)
        end = sent.writer.now
        retried = sent.run()
        asked = v.RunRequested(executor="self", retry_of=retried, successes=[upstream + 2])
        run = sent.writer.record(asked, "a", OWN_SEQ, "user:ada@host").seq
        skipped = v.RunSkipped(reason="deadline", trigger="manual")
        sent.writer.record(skipped, "a", run)
        sent.send()
        last = spans_of(receiver.received)[-1]
    ledger = sent.writer.journal.ledger_id
    assert end < sent.writer.now
    assert [each.span_id for each in last.links] == [span_id(ledger, each) for each in (retried, upstream)]
    assert facts(last)["cronledger.skip_reason"] == "deadline"
    assert last.status.code == Status.STATUS_CODE_UNSET


def test_a_receiver_that_is_away_gets_everything_later_and_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch is held, however much is recorded; tries are further and further apart."""
    monkeypatch.setattr(follower_module, "BATCH_ENTRIES", 7)
    with Receiver(lambda _: Reply(503)) as receiver:
        sent = Sent(tmp_path, receiver)
        runs = [sent.run() for _ in range(6)]
        tries = []
        for _ in range(600):
            before = len(receiver.received)
            assert not sent.follower.turn()
            if len(receiver.received) > before:
                tries.append(sent.now_s)
            sent.now_s += 1.0
        gaps = [later - sooner for sooner, later in itertools.pairwise(tries)]
        assert gaps == sorted(gaps)
        assert gaps[-1] == AGAIN_S_MAX
        assert len({each.body for each in receiver.received}) == 1
        receiver.behaviour = lambda _: Reply()
        receiver.received.clear()
        sent.now_s += AGAIN_S_MAX
        sent.send()
        assert [facts(each)["cronledger.run"] for each in spans_of(receiver.received)] == [
            run for run in runs for _ in range(3)
        ]
        assert len(records_of(receiver.received)) == 1 + 5 * len(runs)


def test_another_process_goes_on_where_the_first_one_was(tmp_path: Path) -> None:
    """Nothing is sent twice that has arrived, and a run that was under way is sent whole."""
    with Receiver(lambda _: Reply()) as receiver:
        sent = Sent(tmp_path, receiver)
        run = sent.writer.tick("a")
        sent.writer.start("a", run)
        sent.send()
        sent.restart()
        sent.writer.finish("a", run)
        sent.send()
        assert [facts(each)["cronledger.run"] for each in spans_of(receiver.received)] == [run, run]
        assert len(records_of(receiver.received)) == 4
        sent.restart()
        sent.send()
        assert len(records_of(receiver.received)) == 4


def test_of_a_ledger_that_is_another_one_since_it_begins_anew(tmp_path: Path) -> None:
    """As after a restore: where it was is another entry now, or none, and it sends from the last start on."""
    with Receiver(lambda _: Reply()) as receiver:
        sent = Sent(tmp_path, receiver)
        ledger, folder = sent.writer.journal.ledger_id, sent.writer.home.telemetry
        (start,) = (each for each in entries_of(tmp_path) if each.type == v.SchedulerStarted.TYPE)
        begun = read_sent(folder, ledger)
        assert begun == SentState(ledger, start.seq - 1, start.prev)
        sent.run()
        sent.send()
        arrived = read_sent(folder, ledger)
        assert arrived is not None
        for other in (
            structs.replace(arrived, hash="0" * 64),
            structs.replace(arrived, cursor=arrived.cursor + 1),
        ):
            keep_sent(folder, other)
            receiver.received.clear()
            sent.restart()
            assert read_sent(folder, ledger) == begun
            sent.send()
            assert len(records_of(receiver.received)) == 6


def test_one_that_takes_no_logs_gets_traces(tmp_path: Path) -> None:
    """What is refused for good holds up nothing; spans that have arrived are not sent again for the logs' sake."""
    with Receiver(lambda request: Reply(404 if request.path == "/v1/logs" else 200)) as receiver:
        sent = Sent(tmp_path, receiver)
        sent.run()
        sent.send()
        assert len(spans_of(receiver.received)) == 3
        receiver.behaviour = lambda request: Reply(503 if request.path == "/v1/logs" else 200)
        sent.run()
        sent.send()
        sent.now_s += AGAIN_S_MAX
        receiver.behaviour = lambda _: Reply()
        sent.send()
        assert len(spans_of(receiver.received)) == 6


def test_headers_may_be_secret(tmp_path: Path) -> None:
    """They are read from a private file when they are needed; until then nothing is sent."""
    with Receiver(lambda _: Reply()) as receiver:
        sent = Sent(tmp_path, receiver, ", headers: {authorization: {file: key}}")
        sent.run()
        sent.send()
        assert not receiver.received
        assert "No such file" in sent.follower.problem
        key = tmp_path / "key"
        key.touch(0o600)
        key.write_text("Bearer s3cret\n")
        sent.now_s += AGAIN_S_MAX
        sent.send()
        assert receiver.received[0].headers["authorization"] == "Bearer s3cret"
