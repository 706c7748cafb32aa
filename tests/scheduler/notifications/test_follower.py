"""What follows the ledger: who is told what, over crashes, dead receivers, lost memory and edits."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from eventstore.committed_reader import CommittedReader
from eventstore.errors import Archived
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from scheduler.entry_members import BreachEnd
from scheduler.notifications.message import message_id
from scheduler.notifications.recollection import is_of_this_ledger
from scheduler.notifications.state_file import STATE_NAME, come_to_rest, is_remembered, write_telling
from scheduler.notifications.transport import NotDelivered
from scheduler.rules.notifications.news import SHOWN_MAX
from scheduler.store import open_committed
from tests.support.command import call
from tests.support.nodes import elected, joined
from tests.support.told_home import ToldHome

CONFIG = """\
channels:
  mail: {email: ops@example.org, when: [failure, recovery, missed]}
  pager: {command: tell, threshold: 2, tags: prod}
jobs: {}
"""
REFUSED = NotDelivered("connection refused")
SILENT = NotDelivered("no answer within 10 s", uncertain=True)


@pytest.fixture
def told(tmp_path: Path) -> ToldHome:
    """A home with a job that tells `mail`, and one that bears a tag of `pager` besides."""
    home = ToldHome(tmp_path / "home", CONFIG)
    home.writer.serve()
    for name, tags in (("plain", ()), ("tagged", ("prod",))):
        notify = Notify(channels=("mail",))
        home.writer.define(name, JobDefinition(name=name, command="x", every="1h", tags=tags, notify=notify))
    return home


def test_a_failure_is_told_with_all_that_belongs_to_it(told: ToldHome) -> None:
    """The message says job, run, instant, outcome and the command that shows more; that it was sent is recorded."""
    run = told.fail("plain")
    told.turn()
    (message,) = told.receivers.taken
    (notice,) = message.notices
    assert (notice.kind, notice.job, notice.run, notice.outcome) == ("failure", "plain", run, "failed")
    assert notice.scheduled_for is not None
    assert "failed with exit code 1" in notice.summary
    assert notice.command == f"cronledger --home {told.home.root} runs show {run}"
    (sent,) = told.records()
    assert isinstance(sent, v.NotificationSent)
    assert (sent.channel, sent.message, sent.about, sent.tries) == ("mail", message.id, [notice.seq], 1)


def test_what_ends_well_is_told_after_a_failure_that_was_told(told: ToldHome) -> None:
    """A success alone is no news; one after a failure is, once."""
    told.run("plain")
    told.fail("plain")
    told.turn()
    told.run("plain")
    told.run("plain")
    told.turn(60)
    assert told.receivers.told("mail") == [("failure",), ("recovery",)]


def test_a_threshold_counts_failures_in_a_row(told: ToldHome) -> None:
    """The channel with a threshold of two is told from the second one on, and a success begins anew."""
    for outcome in ("failed", "succeeded", "failed", "lost", "cancelled", "timed_out"):
        told.run("tagged", outcome)
    told.turn()
    assert told.receivers.told("pager") == [("failure",)]
    (notice,) = [each.notices[0] for each in told.receivers.taken if each.channel == "pager"]
    assert notice.outcome == "timed_out"
    assert notice.details["failures"] == 2


def test_a_storm_is_a_first_message_and_a_digest(told: ToldHome) -> None:
    """Of a thousand failures the first is told at once, and the others in one message a minute later."""
    told.fail("plain")
    told.turn()
    for _ in range(999):
        told.fail("plain")
    told.turn()
    assert len(told.receivers.taken) == 1
    told.turn(60)
    first, digest = told.receivers.taken
    assert len(first.notices) == 1
    assert (len(digest.notices), digest.omitted, digest.counts) == (50, 949, {"failure": 999})
    last = told.records()[-1]
    assert isinstance(last, v.NotificationSent)
    assert (last.count, last.about) == (999, [])


def test_what_piled_up_while_nobody_followed_is_one_digest(told: ToldHome) -> None:
    """After a month there is one message to each channel."""
    told.turn()
    told.kill()
    for _ in range(30):
        told.writer.misfire("plain", 24)
        told.fail("tagged")
        told.writer.wait(days=1)
    told.turn()
    assert [len(each) for each in told.receivers.told("mail")] == [50]
    assert told.receivers.taken[0].counts == {"missed": 30, "failure": 30}
    assert len(told.receivers.told("pager")) == 1


def test_a_dead_receiver_is_tried_again_until_it_is_back(told: ToldHome) -> None:
    """No failed try is an entry, and what comes meanwhile stands in one message behind the first."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    for _ in range(20):
        told.turn(10)
        told.fail("plain")
    assert told.entries() == []
    assert 20 <= told.receivers.tries <= 200
    del told.receivers.problems["mail"]
    told.turn(2)
    told.turn(60)
    assert told.receivers.told("mail") == [("failure",), ("failure",) * 20]
    assert not any(each.repeated for each in told.receivers.taken)


def test_a_receiver_that_is_back_is_told_within_two_seconds(told: ToldHome) -> None:
    """So long as it was away for minutes; the tries of longer outages are further apart, by their length."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.turn()
    for _ in range(600):
        told.writer.wait(seconds=1)
        told.follower.turn()
        told.rest()
    del told.receivers.problems["mail"]
    for _ in range(2):
        told.writer.wait(seconds=1)
        told.follower.turn()
        told.rest()
    assert told.receivers.told("mail") == [("failure",)]


def test_a_permanent_failure_is_recorded_and_the_next_message_is_tried(told: ToldHome) -> None:
    """Nothing that would end the same way is tried again, and no recovery is told of what nobody was told."""
    told.receivers.problems["mail"] = NotDelivered("the address is refused: 550", permanent=True)
    told.fail("plain")
    told.turn()
    (failed,) = told.records()
    assert isinstance(failed, v.NotificationFailed)
    assert (failed.error, failed.tries) == ("the address is refused: 550", 1)
    del told.receivers.problems["mail"]
    told.run("plain")
    told.fail("tagged")
    told.turn(60)
    assert told.receivers.told("mail") == [("failure",)]


def test_a_recovery_that_waits_is_dropped_with_the_failure_that_was_not_told(told: ToldHome) -> None:
    """The failure is given up after the recovery was gathered behind it."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.turn()
    told.run("plain")
    told.turn(1)
    told.receivers.problems["mail"] = NotDelivered("gone", permanent=True)
    told.turn(2)
    del told.receivers.problems["mail"]
    told.turn(60)
    assert told.receivers.taken == []
    assert [type(each) for each in told.records()] == [v.NotificationFailed]


def test_recoveries_of_more_than_a_message_shows_outlive_the_failures_that_nobody_was_told(
    told: ToldHome,
) -> None:
    """A message tells of something, though all that it would show is withdrawn and what it would count is left."""
    names = [f"job{number}" for number in range(SHOWN_MAX + 2)]
    for name in names:
        notify = Notify(channels=("mail",))
        told.writer.define(name, JobDefinition(name=name, command="x", every="1h", notify=notify))
    told.fail("plain")
    told.turn()
    for name in names:
        told.fail(name)
    told.receivers.problems["mail"] = REFUSED
    told.turn(60)
    for name in names:
        told.run(name)
    told.turn(1)
    told.receivers.problems["mail"] = NotDelivered("gone", permanent=True)
    told.turn(2)
    told.kill()
    del told.receivers.problems["mail"]
    told.turn(60)
    last = told.receivers.taken[-1]
    assert [notice.kind for notice in last.notices] == ["finished"]
    assert (last.counts, last.omitted, last.repeated) == ({"recovery": 2, "finished": 1}, 2, False)


def test_what_may_have_arrived_is_told_again_and_says_so(told: ToldHome) -> None:
    """A receiver that took it without an answer gets the same id once more."""
    told.receivers.problems["mail"] = SILENT
    told.receivers.took_silently.add("mail")
    told.fail("plain")
    told.follower.turn()
    told.follower.turn()
    told.rest()
    del told.receivers.problems["mail"]
    told.turn(2)
    first, again = told.receivers.taken
    assert first.id == again.id
    assert (first.repeated, again.repeated) == (False, True)
    (sent,) = told.records()
    assert isinstance(sent, v.NotificationSent)
    assert (sent.repeated, sent.tries) == (True, 2)


def test_killed_between_sending_and_recording_it_is_sent_again_with_the_same_id(told: ToldHome) -> None:
    """The next follower knows that a try was begun, and says that it may be a repetition."""
    told.fail("plain")
    told.receivers.hang.clear()
    told.follower.turn()
    told.kill()
    told.turn()
    first, again = told.receivers.taken
    assert first.id == again.id
    assert (first.repeated, again.repeated) == (False, True)
    assert len(told.records()) == 1


def test_killed_after_recording_nothing_is_sent_again(told: ToldHome) -> None:
    """What is kept is older than the entry then, which settles it."""
    told.fail("plain")
    told.follower.turn()
    told.follower.turn()
    before = (told.home.notifications / STATE_NAME).read_bytes()
    told.rest()
    told.turn()
    told.kill()
    (told.home.notifications / STATE_NAME).write_bytes(before)
    told.turn(60)
    assert len(told.receivers.taken) == 1
    assert len(told.records()) == 1


def test_lost_memory_is_made_again_from_the_ledger(told: ToldHome) -> None:
    """What was told is not told again, what was not is; and it says that it may be a repetition."""
    told.fail("plain")
    told.turn()
    told.receivers.problems["mail"] = REFUSED
    told.fail("tagged")
    told.turn(60)
    told.kill()
    (told.home.notifications / STATE_NAME).unlink()
    del told.receivers.problems["mail"]
    told.turn()
    told.run("plain")
    told.turn(60)
    assert told.receivers.told("mail") == [("failure",), ("failure",), ("recovery",)]
    assert [each.repeated for each in told.receivers.taken if each.channel == "mail"] == [False, True, False]
    assert told.receivers.taken[1].notices[0].job == "tagged"


def _other_ledger(raw: bytes) -> bytes:
    return raw.replace(b'"ledger":"', b'"ledger":"0')


def _beyond(raw: bytes) -> bytes:
    return raw.replace(b'"cursor":', b'"cursor":9')


def _never_tried(raw: bytes) -> bytes:
    raw = re.sub(rb'"next_try":"[^"]*"', b'"next_try":"9999-01-01T00:00:00Z"', raw)
    return re.sub(rb'"wait_ms":[0-9]+', b'"wait_ms":999999999999999', raw)


@pytest.mark.parametrize("forge", [
    lambda raw: b"",
    lambda raw: b"[" * 100_000,
    lambda raw: b"\xff\xfe",
    lambda raw: raw[:-1],
    lambda raw: raw.replace(b'"count":1', b'"count":2'),
    lambda raw: raw.replace(b'"kind":"failure"', b'"kind":"nonsense"'),
    _other_ledger,
    _beyond,
    _never_tried,
])  # fmt: skip
def test_memory_that_somebody_else_wrote_is_as_if_there_were_none(
    told: ToldHome, forge: Callable[[bytes], bytes]
) -> None:
    """The failure that waits is told in any case, and nothing fails."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.turn()
    told.kill()
    path = told.home.notifications / STATE_NAME
    path.write_bytes(forge(path.read_bytes()))
    del told.receivers.problems["mail"]
    told.turn()
    assert told.receivers.told("mail") == [("failure",)]


@pytest.mark.parametrize("member", [
    {"made": "9999-12-31T23:59:59Z"},
    {"told": "0001-01-01T00:00:00+23:59"},
    {"settled": 2**52},
])  # fmt: skip
def test_forged_moments_and_numbers_silence_no_channel(told: ToldHome, member: dict[str, object]) -> None:
    """What nobody can compute with, and what is settled that has not come yet."""
    told.receivers.problems["mail"] = REFUSED
    for _ in range(2):
        told.fail("plain")
        told.turn()
    told.kill()
    path = told.home.notifications / STATE_NAME
    document = msgspec.json.decode(path.read_bytes())
    document["channels"]["mail"] |= member
    path.write_bytes(msgspec.json.encode(document))
    assert call("--home", str(told.home.root), "notify", "status", "--json").code == 0
    del told.receivers.problems["mail"]
    told.turn()
    told.fail("plain")
    told.turn(60)
    assert sum(each.counts["failure"] for each in told.receivers.taken) == 3


def test_forged_news_are_given_up_and_told_to_nobody(told: ToldHome) -> None:
    """What is kept names an entry that is about no such job: that is recorded, and the next news are told."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.turn()
    told.kill()
    path = told.home.notifications / STATE_NAME
    path.write_bytes(path.read_bytes().replace(b'"job":"plain"', b'"job":"other"'))
    del told.receivers.problems["mail"]
    told.turn()
    assert told.receivers.taken == []
    (failed,) = told.records()
    assert isinstance(failed, v.NotificationFailed)
    told.fail("plain")
    told.turn(60)
    assert told.receivers.told("mail") == [("failure",)]


def test_an_archive_that_cannot_be_read_silences_nobody(
    told: ToldHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in it is told when it can be; what was known without it is made again from the ledger."""
    unreadable = Archived(0, 65_535, "/mnt/worm", "no such folder")

    def refuse(reader: CommittedReader, seq: int) -> Entry | None:
        raise unreadable

    monkeypatch.setattr("scheduler.notifications.follower.entry_at", refuse)
    told.fail("plain")
    told.turn()
    parcel = told.follower.telling.channels["mail"].parcel
    assert parcel is not None
    assert (parcel.error, parcel.hopeless) == (str(unreadable), False)
    assert told.records() == []
    monkeypatch.undo()
    told.turn(2)
    assert told.receivers.told("mail") == [("failure",)]
    with monkeypatch.context() as patched:
        patched.setattr("scheduler.notifications.recollection.entry_at", refuse)
        reader = open_committed(told.home)
        assert not is_of_this_ledger(told.follower.telling, reader)
        reader.close()


def test_a_channel_that_is_gone_has_what_is_pending_recorded(told: ToldHome) -> None:
    """Both the message on its way and what was gathered behind it; a new channel is told from then on."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.turn()
    told.fail("plain")
    told.turn()
    told.write_config("channels: {other: {email: a@b.example, tags: prod}}\njobs: {}\n")
    told.turn()
    assert [(each.channel, each.first == each.last) for each in told.records()] == [("mail", True)] * 2  # type: ignore[attr-defined]
    assert all("no longer in the config" in each.error for each in told.records())  # type: ignore[attr-defined]
    told.fail("tagged")
    told.turn()
    assert told.receivers.told("other") == [("failure",)]


def test_an_unusable_edit_changes_nothing(told: ToldHome) -> None:
    """What is pending stays so, and the channels too."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.turn()
    told.write_config("channels: nonsense")
    told.turn()
    assert told.records() == []
    del told.receivers.problems["mail"]
    told.turn(2)
    assert told.receivers.told("mail") == [("failure",)]


def test_without_channels_it_comes_to_rest_and_begins_anew(told: ToldHome) -> None:
    """What was pending is recorded, the file goes; a channel that comes back is told of what comes from then on."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.turn()
    told.write_config("jobs: {}\n")
    told.turn()
    assert told.follower.is_idle
    told.follower.close()
    told.kill()
    assert not (told.home.notifications / STATE_NAME).exists()
    assert len(told.records()) == 1
    told.receivers.problems.clear()
    told.fail("plain")
    told.write_config(CONFIG)
    told.writer.record(v.ConfigAccepted(config="c", jobs=2), actor=v.CONFIG)
    told.fail("tagged")
    told.turn()
    assert [notice.job for each in told.receivers.taken for notice in each.notices] == ["tagged"]
    assert not told.receivers.taken[0].repeated


def test_lost_memory_of_what_nobody_was_told_before_a_restart_is_made_again(told: ToldHome) -> None:
    """A channel that no entry names may be on its first message since before the scheduler began."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.writer.wait(seconds=4 * 24 * 3_600)
    told.fail("tagged")
    told.turn()
    told.kill()
    (told.home.notifications / STATE_NAME).write_bytes(b"")
    told.writer.serve()
    del told.receivers.problems["mail"]
    told.turn()
    (message,) = told.receivers.taken
    assert ([notice.job for notice in message.notices], message.repeated) == (["tagged"], True)


def test_who_was_killed_before_anything_was_kept_has_not_followed(tmp_path: Path) -> None:
    """A lock alone is no memory; a file that says nothing is one that was lost."""
    (tmp_path / "lock").touch()
    assert not is_remembered(tmp_path)
    (tmp_path / STATE_NAME).touch()
    assert is_remembered(tmp_path)
    come_to_rest(tmp_path)
    assert is_remembered(tmp_path)


def test_a_channel_that_is_new_to_one_that_begins_is_told_from_its_edit_on(told: ToldHome) -> None:
    """What was recorded behind the last look and before the edit is no news there; for the others it is."""
    told.turn()
    told.kill()
    told.fail("tagged")
    told.write_config(CONFIG.replace("jobs:", "  desk: {command: tell, tags: prod}\njobs:"))
    told.writer.record(v.ConfigAccepted(config="c", jobs=2), actor=v.CONFIG)
    told.fail("tagged")
    told.writer.record(v.ConfigAccepted(config="d", jobs=2), actor=v.CONFIG)
    told.turn()
    assert (told.receivers.told("desk"), told.receivers.told("mail")) == ([("failure",)], [("failure",) * 2])


def test_killed_when_it_begins_anew_it_still_knows_that_it_was_at_rest(told: ToldHome) -> None:
    """What happened while nobody was to be told is no news to the second one either."""
    told.fail("plain")
    told.turn()
    told.write_config("jobs: {}\n")
    told.turn()
    told.follower.close()
    told.kill()
    told.fail("plain")
    told.write_config(CONFIG)
    told.writer.record(v.ConfigAccepted(config="c", jobs=2), actor=v.CONFIG)
    assert told.follower.telling.channels
    told.kill()
    told.fail("tagged")
    told.turn(60)
    jobs = [
        [notice.job for notice in each.notices] for each in told.receivers.taken if each.channel == "mail"
    ]
    assert jobs == [["plain"], ["tagged"]]
    assert not told.receivers.taken[-1].repeated


def test_in_a_home_that_was_copied_what_is_pending_may_be_a_repetition(told: ToldHome) -> None:
    """The original has the same message on its way, and the same news gathered behind it; what comes then is new."""
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.turn()
    told.fail("plain")
    told.turn(1)
    told.kill()
    told.writer.record(v.HomeAdopted(home="b" * 16, path="/copy"), actor="user:ann@web1")
    told.receivers.problems.clear()
    told.turn(2)
    told.turn(60)
    told.fail("plain")
    told.turn(60)
    assert [each.repeated for each in told.receivers.taken] == [True, True, False]
    last = told.receivers.taken[-1]
    (told_of,) = [each for each in told.entries(v.RunFinished.TYPE) if each.seq == last.notices[0].seq]
    assert last.id != message_id(told_of.hash, "mail", told_of.seq, told_of.seq, 1)


def test_what_a_power_failure_would_make_uncertain_is_on_disk_before_it_is_sent(
    told: ToldHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a first try was begun is flushed; the further ones of a message are not: they say no more."""
    flushed: list[bool] = []

    def flush(descriptor: int) -> None:
        if (path := Path(os.readlink(f"/proc/self/fd/{descriptor}"))).name.startswith(f".{STATE_NAME}"):
            flushed.append(b'"on_the_way":true' in path.read_bytes())

    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    monkeypatch.setattr(os, "fdatasync", flush)
    told.turn()
    told.turn(2)
    assert told.receivers.tries > 1
    assert flushed == [True]


def test_what_is_left_half_written_is_replaced_by_the_next_process(
    told: ToldHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is killed while it writes, there is one such file."""
    folder, half_written = told.home.notifications, set[str]()
    monkeypatch.setattr(os, "fdatasync", lambda _: half_written.update(os.listdir(folder)))
    for pid in (7, 8):
        monkeypatch.setattr(os, "getpid", lambda pid=pid: pid)
        write_telling(folder, told.follower.telling, durable=True)
    assert len(half_written - {STATE_NAME}) == 1


def test_no_try_begins_that_the_end_would_cut_off(told: ToldHome) -> None:
    """A try that fails at the end is made again by the next one, which knows how this one ended."""
    now = told.now

    def hurried_now() -> datetime:
        told.writer.wait(seconds=0.5)
        return now()

    told.now = hurried_now  # type: ignore[method-assign]
    told.receivers.problems["mail"] = REFUSED
    told.fail("plain")
    told.follower.finish()
    assert told.receivers.tries == 1
    channel = told.follower.telling.channels["mail"]
    assert channel.parcel is not None
    assert not channel.parcel.on_the_way


def test_the_first_channel_is_told_from_its_edit_on(told: ToldHome) -> None:
    """What failed while nobody was to be told is no news."""
    told.fail("plain")
    told.writer.record(v.ConfigAccepted(config="c", jobs=2), actor=v.CONFIG)
    told.fail("plain")
    told.turn()
    (message,) = told.receivers.taken
    assert (len(message.notices), message.repeated) == (1, False)


def test_a_deleted_folder_is_lost_memory(told: ToldHome) -> None:
    """What was told last stands in the ledger, and what comes behind that is told."""
    told.fail("plain")
    told.turn()
    told.receivers.problems["mail"] = REFUSED
    told.fail("tagged")
    told.turn(60)
    told.kill()
    shutil.rmtree(told.home.notifications)
    told.receivers.problems.clear()
    told.writer.record(v.ConfigAccepted(config="c", jobs=2), actor=v.CONFIG)
    told.turn()
    jobs = [notice.job for each in told.receivers.taken if each.channel == "mail" for notice in each.notices]
    assert jobs == ["plain", "tagged"]
    assert told.receivers.taken[-1].repeated


def test_a_receiver_that_hangs_holds_up_nobody(told: ToldHome) -> None:
    """While a try is going on, the follower looks on, and other channels are told."""
    told.receivers.hang.clear()
    told.fail("tagged")
    told.fail("tagged")
    for _ in range(3):
        told.follower.turn()
    assert told.receivers.tries <= 2
    told.receivers.hang.set()
    told.turn()
    assert {each.channel for each in told.receivers.taken} == {"mail", "pager"}


def test_a_run_with_several_attempts_is_told_once_at_its_end(told: ToldHome) -> None:
    """Attempts that others follow are no news, however they came out."""
    run = told.writer.tick("plain")
    for attempt in (1, 2):
        told.writer.start("plain", run, attempt=attempt)
        told.writer.finish("plain", run, "failed", attempt=attempt, retry_at=told.now())
    told.turn()
    assert told.receivers.taken == []
    told.writer.start("plain", run, attempt=3)
    told.writer.finish("plain", run, "failed", attempt=3)
    told.turn()
    assert told.receivers.told("mail") == [("failure",)]


def test_a_run_whose_place_another_one_takes_is_no_failure(told: ToldHome) -> None:
    """However it came out when it was asked to stop."""
    for outcome in ("cancelled", "failed"):
        run = told.writer.tick("plain")
        told.writer.start("plain", run)
        told.writer.record(v.RunCancelRequested(replaced_by=run + 2), "plain", run)
        told.writer.finish("plain", run, outcome)
    told.run("plain")
    told.turn()
    assert told.receivers.taken == []


@pytest.mark.parametrize("by", ["succeeded", "disabled", "removed"])
def test_what_is_late_is_told_and_the_end_of_that(told: ToldHome, by: BreachEnd) -> None:
    """Where nothing is expected any more, no words say that something recovered: only the kind does."""
    told.write_config(CONFIG.replace("when: [failure, recovery, missed]", "when: [late, recovery]"))
    since = told.now()
    breached = v.ExpectationBreached(expectation="success_every", limit_ms=60_000, since=since)
    seq = told.writer.record(breached, "plain").seq
    told.turn()
    if by == "removed":
        told.writer.record(v.JobRemoved(config="c"), "plain")
    met = v.ExpectationMet(
        expectation="success_every", breach=seq, since=since, until=since, by=by, because_of=seq
    )
    told.writer.record(met, "plain")
    told.turn(60)
    assert told.receivers.told("mail") == [("late",), ("recovery",)]
    (late, end) = [each.notices[0] for each in told.receivers.taken]
    assert late.scheduled_for == since
    assert late.command.endswith("jobs why plain")
    assert end.summary.startswith(f"plain is not late any more (entry {seq}): ")
    assert told.follower.telling.jobs == {}


def test_a_monitoring_service_is_told_of_each_start_and_each_end(told: ToldHome) -> None:
    """One start for a run, then how it came out; there is no digest."""
    told.write_config("channels: {mail: {ping: 'https://hc.example/x'}}\njobs: {}\n")
    for outcome in ("succeeded", "failed", "lost", "cancelled"):
        run = told.writer.tick("plain")
        told.writer.start("plain", run)
        told.turn()
        told.writer.finish("plain", run, outcome)
        told.turn()
    assert told.receivers.told("mail") == [
        (kind,) for end in ("finished", "failure", "lost", "finished") for kind in ("started", end)
    ]


def test_a_message_of_many_is_bounded(told: ToldHome) -> None:
    """However many news there are, and however long what they tell of is."""
    for _ in range(3):
        told.turn()
    for _ in range(200):
        told.writer.finish("plain", told.writer.tick("plain"), "failed", message="x" * 20_000)
    told.turn(60)
    (message,) = told.receivers.taken
    assert len(msgspec.json.encode(message)) < 100_000
    assert all(len(each.summary) <= 500 for each in message.notices)


def test_only_where_a_node_leads_people_are_told_and_the_next_leader_repeats_nothing(
    told: ToldHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who led and was stopped ends; what was told stands in the ledger, so whoever leads next begins behind it."""
    monkeypatch.setenv("CRONLEDGER_NODE", "a")
    told.writer.append(joined("a"), joined("b"), elected("a", 1))
    told.fail("plain")
    told.turn(60)
    assert told.receivers.told("mail") == [("failure",)]
    told.writer.append(elected("b", 2, "silent"))
    told.fail("plain")
    told.turn(60)
    assert told.follower.is_deposed
    assert told.receivers.told("mail") == [("failure",)]
    told.kill()
    shutil.rmtree(told.home.notifications)  # the other machine has nothing of it
    monkeypatch.setenv("CRONLEDGER_NODE", "b")
    told.turn(60)
    assert told.receivers.told("mail") == [("failure",), ("failure",)]
