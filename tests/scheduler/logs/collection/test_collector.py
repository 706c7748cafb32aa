from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.journal import Journal
from scheduler import vocabulary as v
from scheduler.entry_members import OUTCOMES, ConfigError
from scheduler.logs import Collector, CollectorRunning, LogFilter, entries_folder
from scheduler.logs.collection.ledger_entries import fact_of
from scheduler.logs.collection.record_splitter import LINE_BYTES_MAX
from scheduler.logs.collection.secret_masking import Masker
from scheduler.logs.storage.checkpoint import Checkpoint, read_position, write_position
from scheduler.logs.storage.day_files import DayWriter
from scheduler.logs.storage.resume import LOOK_BACK_ENTRIES
from tests.support.examples import examples
from tests.support.output import START, HandWritten

CHUNKS = st.lists(
    st.tuples(
        st.sampled_from(["stdout", "stderr"]),
        st.binary(max_size=30).map(lambda raw: raw.replace(b"a", b"\n")),
    ),
    max_size=25,
)
STEPS = st.lists(
    st.sampled_from(["turn", "kill before the commit", "new collector", "nothing"]), min_size=25, max_size=25
)


def messages(raw: bytes) -> int:
    """How many lines some output has."""
    return raw.count(b"\n") + (not raw.endswith(b"\n") and raw != b"")


def kill_before_commit(collector: Collector) -> None:
    """A turn that dies after the files of the day were written, before the position was."""

    def die(folder: Path, position: Checkpoint) -> None:
        if (
            position is collector.position
        ):  # another one only announces the files that are going to be written
            raise InterruptedError
        write_position(folder, position)

    with (
        mock.patch("scheduler.logs.collection.collector.write_position", die),
        contextlib.suppress(InterruptedError),
    ):
        collector.turn()


@settings(max_examples=examples(30))
@given(CHUNKS, STEPS)
def test_each_line_becomes_exactly_one_entry(chunks: list[tuple[str, bytes]], steps: list[str]) -> None:
    """However output comes in and whenever the collector dies, nothing is lost and nothing is there twice."""
    folder = Path(tempfile.mkdtemp())
    home = HandWritten(folder / "home")
    try:
        run = home.begin()
        collector = home.collector()
        raw = {"stdout": b"", "stderr": b""}
        for (stream, chunk), step in zip(chunks, steps, strict=False):
            home.wait(seconds=1)
            home.put(run, chunk, stream)
            raw[stream] += chunk
            collector.look_at_all()
            if step == "turn":
                collector.turn()
            elif step == "kill before the commit":
                kill_before_commit(collector)
            if step in ("kill before the commit", "new collector"):
                collector.close()
                collector = home.collector()
        collector.close()
        home.end(run)
        home.collect()
        for stream, printed in raw.items():
            lines = printed.split(b"\n")[: messages(printed)]
            shown = [line.decode("utf-8", "backslashreplace").replace("\0", "\\x00") for line in lines]
            assert [message.removesuffix("\r") for message in home.printed(run, stream)] == [
                line.removesuffix("\r") for line in shown
            ]
        facts = [
            entry.fields["seq"] for entry in home.entries() if entry.stream == "scheduler" and entry.fields
        ]
        assert facts == list(range(home.journal.head().seq + 1))
    finally:
        home.close()
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("bound", "most", "kept"),
    [("LINES_MAX", 5, 5), ("STREAM_BYTES_MAX", 20, 4)],  # bytes are looked at when a slice was taken
)
def test_what_one_stream_adds_to_the_entries_is_bounded(
    home: HandWritten, monkeypatch: pytest.MonkeyPatch, bound: str, most: int, kept: int
) -> None:
    """After so much there is one note, whoever collects; the other stream and the run's end are told as ever."""
    monkeypatch.setattr(f"scheduler.logs.collection.output_tail.{bound}", most)
    run = home.begin()
    for number in range(0, 12, 2):
        home.put(run, b"line %d\nline %d\n" % (number, number + 1))
        home.collect()
    home.put(run, b"a part without an end")
    home.put(run, b"on stderr\n", "stderr")
    home.end(run)
    home.collect()
    assert home.printed(run) == [f"line {number}" for number in range(kept)]
    assert home.printed(run, "stderr") == ["on stderr"]
    told = [entry.message for entry in home.entries(LogFilter(run=run)) if entry.stream == "scheduler"]
    left_out = f"output left out: after {kept} lines, what follows on stdout is in the captured output alone"
    assert [message for message in told if message.startswith("output")] == [
        f"{left_out} (cronledger logs show {run})"
    ]
    assert told[-1].startswith("job succeeded")


def test_lines_get_the_time_at_which_they_were_seen(home: HandWritten) -> None:
    """Live lines have the clock's time; those that carry a time within their run have that."""
    run = home.begin()
    home.wait(seconds=5)
    home.put(
        run,
        b'seen\n{"msg":"own","time":"2026-11-23T12:00:02Z"}\n{"msg":"wrong","time":"2020-01-01T00:00:00Z"}\n',
    )
    home.collect()
    times = {entry.message: entry.time[11:19] for entry in home.entries() if entry.run == run}
    assert times["seen"] == "12:00:05"
    assert times["own"] == "12:00:02"
    assert times["wrong"] == "12:00:05"


def test_what_is_collected_late_gets_times_within_its_run(home: HandWritten) -> None:
    """Output of a run that nobody watched is dated within the run, and stands before its end."""
    run = home.begin()
    home.wait(seconds=5)
    home.put(run, b"late\n")
    home.end(run)
    home.wait(days=2)
    home.collect()
    about = [entry for entry in home.entries(LogFilter(run=run)) if entry.stream != "scheduler"]
    (line,) = about
    assert "2026-11-23T12:00:00" <= line.time <= "2026-11-23T12:00:05.000000Z"
    assert [entry.message for entry in home.entries(LogFilter(run=run))][-1].startswith(
        "job succeeded: nightly"
    )


def test_a_new_day_begins_a_new_file(home: HandWritten) -> None:
    """Around midnight (UTC) each entry is in the file of its day, and one run can be in both."""
    home.now = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    run = home.begin()
    collector = home.collector()
    home.put(run, b"before\n")
    collector.turn()
    home.wait(seconds=2)
    home.put(run, b"after\n")
    collector.look_at_all()
    collector.turn()
    collector.close()
    folder = entries_folder(home.home)
    assert b'"before"' in (folder / "2026-11-23.jsonl").read_bytes()
    assert b'"after"' in (folder / "2026-11-24.jsonl").read_bytes()
    assert b'"after"' not in (folder / "2026-11-23.jsonl").read_bytes()


def test_half_a_character_between_two_looks_is_one_character(home: HandWritten) -> None:
    """A character whose bytes come in two writes is not broken."""
    run = home.begin()
    collector = home.collector()
    euro = "€".encode()
    for raw in (b"5 " + euro[:1], euro[1:2], euro[2:] + b"\n"):
        home.put(run, raw)
        collector.look_at_all()
        collector.turn()
    collector.close()
    assert home.printed(run) == ["5 €"]


def test_a_last_line_without_an_end_is_a_line(home: HandWritten) -> None:
    """It is kept back while the run goes on, and becomes an entry when it ends."""
    run = home.begin()
    home.put(run, b"one\ntwo")
    home.collect()
    assert home.printed(run) == ["one"]
    home.end(run)
    home.collect()
    assert home.printed(run) == ["one", "two"]


def test_what_a_straggler_appends_is_not_of_the_run(home: HandWritten) -> None:
    """Output is taken as far as the ledger says that the run wrote."""
    run = home.begin()
    home.put(run, b"mine\n")
    home.end(run)
    home.put(run, b"a straggler's\n")
    home.collect()
    assert home.printed(run) == ["mine"]


def test_the_end_of_a_wait_is_no_end_of_an_attempt(home: HandWritten) -> None:
    """A run that makes no further attempt ends by an entry about the last one: its output is taken once."""
    run = home.begin()
    home.put(run, b"one\n")
    ended = home.end(run, "failed", 1)
    home.collect()
    end: v.RunFinished = v.payload(ended)
    home.record(msgspec.structs.replace(end, closes=ended.seq, outcome="cancelled"), "nightly", run)
    home.collect()
    assert home.printed(run) == ["one"]
    assert home.entries()[-1].message.startswith("job cancelled: nightly, run ")


@pytest.mark.parametrize("left_bytes", [None, 4])
def test_output_that_is_gone_before_it_was_collected_is_noted(
    home: HandWritten, left_bytes: int | None
) -> None:
    """What was deleted or cut is said, with how much it was."""
    run = home.begin()
    home.put(run, b"one\ntwo\nthree\n")
    home.end(run)
    if left_bytes is None:
        home.path(run).unlink()
    else:
        os.truncate(home.path(run), left_bytes)
    home.collect()
    (lost,) = home.entries(LogFilter(level="warning"))
    assert lost.run == run
    assert (
        lost.message
        == f"output lost: {14 - (left_bytes or 0)} bytes of stdout were deleted before they could be collected"
    )
    assert home.printed(run) == ([] if left_bytes is None else ["one"])


def test_output_is_taken_in_bounded_memory(home: HandWritten) -> None:
    """Ten megabytes of a run that has ended take several turns, each with few entries at a time."""
    run = home.begin()
    home.put(run, b"".join(b"line %d of many that a job has printed\n" % number for number in range(250_000)))
    home.end(run)
    collector = home.collector()
    most = turns = 0
    with mock.patch.object(DayWriter, "append", autospec=True, side_effect=DayWriter.append) as append:
        while collector.turn():
            turns += 1
        most = max(sum(map(len, call.args[1].values())) for call in append.call_args_list)
    collector.close()
    assert turns >= 5
    assert most < 8_000_000
    assert len(home.printed(run)) == 250_000


def test_a_talkative_run_does_not_keep_others_waiting(home: HandWritten) -> None:
    """One turn takes a part of each run that goes on."""
    loud, quiet = home.begin("loud"), home.begin("quiet")
    home.put(loud, b"x" * 79 + b"\n" + b"y" * 79 + b"\n" * 5_000_000)
    home.put(quiet, b"hello\n")
    collector = home.collector()
    assert collector.turn()
    collector.close()
    assert home.printed(quiet) == ["hello"]


def test_there_is_one_collector_and_its_files_are_private(home: HandWritten) -> None:
    """A second one is told so; what is written is for its owner only."""
    home.begin()
    collector = home.collector()
    with pytest.raises(CollectorRunning):
        home.collector()
    collector.turn()
    collector.close()
    home.collect()
    folder = entries_folder(home.home)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {path.name for path in folder.iterdir()} == {"2026-11-23.jsonl", "position.json", "lock"}


def test_without_its_position_a_collector_goes_on_after_the_last_entry(home: HandWritten) -> None:
    """A position that is deleted or damaged costs no doubles of what the ledger says."""
    run = home.begin()
    home.put(run, b"one\n")
    home.end(run)
    home.collect()
    before = home.entries()
    for damage in (None, b"", b"{", b'{"version":99}'):
        position = entries_folder(home.home) / "position.json"
        position.unlink() if damage is None else position.write_bytes(damage)
        home.collect()
        assert home.entries() == before
    home.begin()
    home.collect()
    assert len(home.entries()) == len(before) + 2


def test_another_ledger_is_another_history(home: HandWritten) -> None:
    """Where a home was begun anew, its entries are collected from their beginning."""
    home.begin()
    home.collect()
    home.close()
    shutil.rmtree(home.home.ledger)
    home.journal = Journal.open(home.home.ledger, software="test", clock=lambda: START)
    home.collect()
    assert [entry.fields["seq"] for entry in home.entries() if entry.fields] == [0, 1, 2, 0]


def test_a_ledger_that_is_older_than_its_logs_is_not_collected_whole(home: HandWritten) -> None:
    """The first collector of an old home looks back a bounded way."""
    ticks = [v.event(v.SchedulerResumed(paused_ms=1), v.SCHEDULER)] * 1_000
    for _ in range(LOOK_BACK_ENTRIES // 1_000 + 1):
        home.journal.append(ticks)
    collector = home.collector()
    assert collector.position.next_seq == home.journal.head().seq + 1 - LOOK_BACK_ENTRIES
    collector.close()


def test_a_full_disk_loses_nothing(home: HandWritten) -> None:
    """A batch that could be written only in part is made again when there is room."""
    run = home.begin()
    home.put(run, b"one\ntwo\n")
    collector = home.collector()
    real = os.write

    def half(fd: int, raw: bytes) -> int:
        if len(raw) > 200 and b"two" in bytes(raw):
            real(fd, bytes(raw)[: len(raw) // 2])
            raise OSError(28, "No space left on device")
        return real(fd, raw)

    with (
        mock.patch("scheduler.logs.storage.day_files.os.write", side_effect=half),
        pytest.raises(OSError, match="No space"),
    ):
        collector.turn()
    collector.close()
    home.end(run)
    home.collect()
    assert home.printed(run) == ["one", "two"]


def test_the_last_room_of_a_disk_is_left_to_the_ledger(home: HandWritten) -> None:
    """With little room left nothing is collected, and nothing lost."""
    home.begin()
    collector = home.collector()
    with (
        mock.patch("scheduler.logs.storage.day_files.FREE_BYTES_MIN", 1 << 62),
        pytest.raises(OSError, match="too little room"),
    ):
        collector.turn()
    collector.close()
    assert home.entries() == []
    home.collect()
    assert len(home.entries()) == 3


def test_secrets_are_masked_before_they_are_stored(home: HandWritten) -> None:
    """Values of the job's environment, also of an earlier config, and private keys over several looks."""
    config = home.home.config
    config.parent.mkdir(parents=True)
    text = "jobs: {{nightly: {{command: x, schedule: '@daily', env: {{API: {}}}}}}}"
    config.write_text(text.format("first-value"))
    run = home.begin()
    home.put(run, b"-----BEGIN PRIVATE KEY-----\nMIIE")
    collector = home.collector()
    collector.turn()
    config.write_text(text.format("second-value"))
    home.record(v.ConfigAccepted(config="x", jobs=1))
    home.put(run, b"abc\n-----END PRIVATE KEY-----\nfirst-value second-value done\n")
    collector.look_at_all()
    collector.turn()
    collector.close()
    assert home.printed(run) == ["***", "***", "***", "*** *** done"]
    raw = (entries_folder(home.home) / "2026-11-23.jsonl").read_text()
    assert "MIIE" not in raw
    assert "first-value" not in raw


def test_every_type_of_entry_becomes_a_message(home: HandWritten) -> None:
    """Runs that failed are errors that begin with "job failed: "; what was not done as planned is a warning."""
    run = home.begin()
    levels = []
    for outcome in OUTCOMES:
        home.put(run, b"")
        fact = fact_of(home.end(run, outcome, None), Masker())
        levels.append(fact.level)
        assert fact.message.startswith("job failed: nightly, run 1") == (
            outcome in ("failed", "timed_out", "lost")
        )
    assert levels == ["info", "error", "error", "warning", "error", "warning"]
    skipped = home.record(v.RunSkipped(reason="overlap", trigger="schedule", because_of=1), "nightly", run)
    missed = home.record(
        v.ScheduleMisfired(first=START, last=START, count=3, policy="one", will_run=1), "nightly"
    )
    rejected = home.record(
        v.ConfigRejected(config="x", errors=[ConfigError(line=3, column=1, message="no")], error_count=1)
    )
    assert [fact_of(entry, Masker()).level for entry in (skipped, missed, rejected)] == ["warning"] * 3


def test_an_entry_of_a_later_version_is_named(home: HandWritten) -> None:
    """A type that is not known becomes a message that names it."""
    from eventstore.store import Event

    (entry,) = home.journal.append([Event(type="moon.rose", actor="scheduler", data={"attempt": "x"})])
    fact = fact_of(entry, Masker())
    assert (fact.level, fact.message) == ("info", "moon.rose")


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_output_that_must_not_be_read_is_noted(home: HandWritten) -> None:
    """One file that is not readable does not hold up the others."""
    run = home.begin()
    home.put(run, b"one\n")
    home.end(run)
    home.path(run).chmod(0)
    home.collect()
    (lost,) = home.entries(LogFilter(level="warning"))
    assert lost.message == "output lost: 4 bytes of stdout cannot be read"


def test_output_that_is_a_link_is_noted_and_not_followed(home: HandWritten, tmp_path: Path) -> None:
    """What somebody put in the place of an output file is not read, and holds nothing up."""
    run, other = home.begin(), home.begin("other")
    home.put(run, b"one\n")
    home.put(other, b"two\n")
    home.end(run)
    home.end(other)
    (tmp_path / "secret").write_bytes(b"one\n")
    home.path(run).unlink()
    home.path(run).symlink_to(tmp_path / "secret")
    home.collect()
    (lost,) = home.entries(LogFilter(level="warning"))
    assert (lost.run, lost.message) == (run, "output lost: 4 bytes of stdout cannot be read")
    assert (home.printed(run), home.printed(other)) == ([], ["two"])


def test_half_a_line_after_a_power_cut_spoils_no_other(home: HandWritten) -> None:
    """Where less of a day is there than was written, its torn end is cut off before something is put behind."""
    run = home.begin()
    home.put(run, b"one\ntwo\n")
    home.collect()
    day = entries_folder(home.home) / "2026-11-23.jsonl"
    os.truncate(day, day.stat().st_size - 20)
    home.put(run, b"three\n")
    home.collect()
    assert home.printed(run) == ["one", "three"]
    assert day.read_bytes().count(b"\n") == len(home.entries())


def test_the_half_of_a_secret_is_no_line_s_end(home: HandWritten) -> None:
    """Where a long line is cut, no beginning of a secret is left, whether it is known or only looks like one."""
    config = home.home.config
    config.parent.mkdir(parents=True)
    config.write_text("jobs: {nightly: {command: x, schedule: '@daily', env: {API: first second third}}}")
    run = home.begin()
    for secret in (b"first second third", b"ghp_0123456789abcdefghijABCDEFGHIJ012345"):
        for shown in range(1, len(secret)):
            home.put(run, b"x" * (LINE_BYTES_MAX - shown - 1) + b" " + secret + b" and more\n")
    home.end(run)
    home.collect()
    for message in home.printed(run):
        assert "more bytes" in message
        assert "firs" not in message
        assert "ghp_" not in message


def test_what_a_job_prints_does_not_pass_for_the_ledger(home: HandWritten) -> None:
    """Without its position a collector goes on after the last entry of the ledger, whatever a job has printed."""
    run = home.begin()
    home.put(run, b'{"msg":"x","stream":"scheduler","fields":{"seq":999,"type":"x"}}\n')
    home.end(run)
    home.collect()
    home.begin()
    (entries_folder(home.home) / "position.json").unlink()
    home.collect()
    facts = [entry.fields["seq"] for entry in home.entries() if entry.stream == "scheduler" and entry.fields]
    assert facts == list(range(home.journal.head().seq + 1))


def test_a_ledger_that_lost_its_end_is_collected_from_there(home: HandWritten) -> None:
    """Entries that were never on disk may be gone after a power cut; those that get their numbers are collected."""
    home.begin()
    home.collect()
    position = read_position(entries_folder(home.home))
    assert position is not None
    assert [output.run for output in position.outputs] == [1, 1]
    position.next_seq += 50
    position.outputs[1].run = 40
    write_position(entries_folder(home.home), position)
    home.begin("other")
    home.collect()
    facts = [entry.fields["seq"] for entry in home.entries() if entry.stream == "scheduler" and entry.fields]
    assert facts == [0, 1, 2, 3, 4]
    run = home.begin("another")
    home.collect()
    assert [entry.run for entry in home.entries(LogFilter(job="another"))] == [run, run]
    position = read_position(entries_folder(home.home))
    assert position is not None
    assert {output.run for output in position.outputs} == {1, 3, run}


@pytest.mark.parametrize("again", [1, 2, 5], ids=lambda runs: f"{runs} runs since")
def test_a_ledger_that_was_restored_loses_no_line(home: HandWritten, again: int) -> None:
    """Whether or not it has outgrown what it was: what came after the backup is collected, and nothing twice."""
    home.begin("before")
    home.collect()
    backup = home.home.var / "backup"
    shutil.copytree(home.home.ledger, backup)
    home.wait(seconds=60)
    for _ in range(2):
        home.begin("lost")
    home.collect()
    home.close()
    shutil.rmtree(home.home.ledger)
    shutil.copytree(backup, home.home.ledger)
    restored = HandWritten(home.home.root, home.now)
    restored.wait(seconds=60)
    runs = [restored.begin("again") for _ in range(again)]
    restored.collect()
    restored.collect()
    told = [
        (each.job, each.fields["seq"])
        for each in restored.entries()
        if each.stream == "scheduler" and each.fields
    ]
    assert told == [
        (None, 0), ("before", 1), ("before", 2), ("lost", 3), ("lost", 4), ("lost", 5), ("lost", 6),
        *(("again", seq) for run in runs for seq in (run, run + 1)),
    ]  # fmt: skip
    restored.close()
