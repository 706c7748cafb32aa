from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.charts.axis import axis_for, instant_of, microseconds, ticks
from cli.charts.timeline import LANES_MAX, MARKS, SIGNS, LateMark, RunSpan, TimelinePiece, draw
from cli.charts.timeline_marks import ASCII, UNICODE
from cli.terminal.display_width import display_width
from scheduler.definition import JobDefinition
from scheduler.entry_members import OUTCOMES
from scheduler.home import Home
from tests.support.command import Answer, call
from tests.support.past import Past
from tests.support.simulated_home import home_of
from tests.support.world import World
from tests.support.world import job as defined

COLUMNS = 30
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ZONES = ("UTC", "Europe/Paris", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York")


@st.composite
def spans(draw_: st.DrawFn) -> RunSpan:
    """Any runs of a job that look alike."""
    first = draw_(st.integers(0, COLUMNS - 1))
    mark = draw_(st.sampled_from([mark for mark in MARKS if mark not in ("missed", "breached")]))
    last = first if mark == "skipped" else draw_(st.integers(first, COLUMNS - 1))
    due = draw_(st.none() | st.integers(0, first - 1)) if first else None
    return RunSpan(first, last, mark, draw_(st.integers(1, 9)), due, first == 0, last == COLUMNS - 1)


def pieces(lanes: Sequence[Sequence[TimelinePiece]], column: int) -> list[TimelinePiece]:
    """What a column shows in all lanes."""
    return [lane[column] for lane in lanes]


@given(st.lists(spans(), max_size=25))
def test_each_run_is_in_the_columns_of_its_time_and_in_no_other(listed: list[RunSpan]) -> None:
    """In each column, the lanes together stand for exactly the runs that were going on in it."""
    lanes = draw(listed, COLUMNS)
    assert 1 <= len(lanes) <= LANES_MAX
    for column in range(COLUMNS):
        there = sum(span.runs for span in listed if span.first <= column <= span.last)
        assert sum(piece.runs for piece in pieces(lanes, column)) == there


@given(st.lists(spans(), max_size=25))
def test_a_failure_is_never_hidden(listed: list[RunSpan]) -> None:
    """Where a run went wrong there is a sign in the column of its end: its own, or that of something worse."""
    lanes = draw(listed, COLUMNS)
    for span in listed:
        if span.mark in SIGNS:
            signs = [piece.mark for piece in pieces(lanes, span.last) if piece.shape == "sign"]
            assert any(MARKS.index(mark) <= MARKS.index(span.mark) for mark in signs)


@given(st.lists(spans(), max_size=25), st.integers(0, COLUMNS - 1), st.integers(0, COLUMNS - 1))
def test_missed_instants_are_seen_and_hide_nothing(listed: list[RunSpan], one: int, other: int) -> None:
    """The first and the last of them have a sign, and every failure still has its own."""
    missed = RunSpan(min(one, other), max(one, other), "missed", 5)
    lanes = draw([*listed, missed], COLUMNS)
    for column in (missed.first, missed.last):
        assert lanes[0][column].shape == "sign"
    for span in listed:
        if span.mark in SIGNS and span.mark != "skipped":
            marks = [piece.mark for piece in pieces(lanes, span.last) if piece.shape == "sign"]
            assert any(MARKS.index(mark) <= MARKS.index(span.mark) for mark in marks)


@given(st.lists(spans(), max_size=25), st.integers(0, COLUMNS - 1), st.integers(0, COLUMNS - 1))
def test_a_run_that_became_late_is_seen_and_hides_nothing_worse(
    listed: list[RunSpan], due: int, later: int
) -> None:
    """There is a sign in that column, every failure has its own, and all else is drawn as it was."""
    mark = LateMark(max(due, later), min(due, later))
    before, lanes = draw(listed, COLUMNS), draw(listed, COLUMNS, [mark])
    assert "sign" in {piece.shape for piece in pieces(lanes, mark.column)}
    changed = [
        (old, new)
        for was, lane in zip(before, lanes, strict=True)
        for old, new in zip(was, lane, strict=True)
        if old != new
    ]
    assert len(changed) <= 1
    assert all(new == TimelinePiece("sign", "breached", old.runs) for old, new in changed)
    assert all(old.shape != "sign" for old, _ in changed)


def test_the_sign_is_in_the_lane_of_the_late_run() -> None:
    """Of runs that overlap, that of the one that was due when the late one was; on its wait, or on its bar."""
    waits, goes = RunSpan(8, 20, "succeeded", due=3), RunSpan(1, 12, "succeeded")
    first, second = draw([waits, goes], COLUMNS, [LateMark(5, 3), LateMark(10, 1)])
    assert [column for column, piece in enumerate(first) if piece.mark == "breached"] == [10]
    assert [column for column, piece in enumerate(second) if piece.mark == "breached"] == [5]


@given(st.lists(spans(), max_size=LANES_MAX))
def test_a_wait_is_dotted_up_to_the_start(listed: list[RunSpan]) -> None:
    """With a lane for every run, each column of a wait shows it, unless another run is in that column."""
    lanes = draw(listed, COLUMNS)
    for span in listed:
        for column in range(span.first if span.due is None else span.due, span.first):
            shapes = {piece.shape for piece in pieces(lanes, column)}
            assert shapes - {"blank"}


def test_runs_at_the_same_time_lie_in_lanes_of_their_own() -> None:
    """Two that overlap take two lanes, two that follow each other take one."""
    overlapping = [RunSpan(0, 5, "succeeded"), RunSpan(3, 8, "succeeded")]
    following = [RunSpan(0, 5, "succeeded"), RunSpan(5, 8, "succeeded")]
    assert len(draw(overlapping, COLUMNS)) == 2
    (lane,) = draw(following, COLUMNS)
    assert [piece.shape for piece in lane[:10]] == [
        "begin", "body", "body", "body", "body", "joint", "body", "body", "end", "blank"
    ]  # fmt: skip


def test_every_meaning_has_a_character_of_its_own() -> None:
    """Nothing is told apart by colour alone, neither with symbols nor in plain ASCII."""
    for glyphs in (ASCII, UNICODE):
        shapes = [glyph for name, glyph in glyphs.shapes.items() if name != "blank"]
        characters = [*shapes, *glyphs.signs.values(), *glyphs.many, glyphs.down]
        assert len(characters) == len(set(characters))
    assert "".join([*ASCII.shapes.values(), *ASCII.signs.values(), ASCII.many, ASCII.down]).isascii()


@given(
    st.integers(0, 730 * 86_400),
    st.integers(1, 400 * 86_400),
    st.integers(10, 180),
    st.sampled_from(ZONES),
)
def test_the_axis_holds_the_whole_window(begin_s: int, length_s: int, room: int, name: str) -> None:
    """It begins no later and ends no earlier, fits into the room that there is, and its labels are right."""
    begin, zone = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=begin_s), ZoneInfo(name)
    end = begin + timedelta(seconds=length_s)
    axis = axis_for(begin, end, room, zone)
    assert 1 <= axis.columns <= room
    assert axis.begin_us <= microseconds(begin)
    assert axis.end_us >= microseconds(end)
    assert microseconds(begin) < axis.begin_us + axis.column_us
    edge = -1
    for tick in ticks(axis, zone):
        assert edge < tick.column < axis.columns
        edge = tick.column + len(tick.label)
        shown = instant_of(axis.begin_us + tick.column * axis.column_us).astimezone(zone)
        if re.fullmatch(r"\d\d:\d\d", tick.label) and 3_600_000_000 % axis.column_us == 0:
            assert abs(int(tick.label[:2]) * 60 + int(tick.label[3:]) - shown.hour * 60 - shown.minute) < 60


def a_past(seed: int) -> tuple[Past, list[dict[str, Any]]]:
    """Two days of three jobs, made up from a seed; and what was made up, as plain rows."""
    chance = random.Random(seed)
    past, rows = Past(), []
    jobs = ("alpha", "beta", "gamma")
    past.defined(
        NOW - 49 * HOUR, *(JobDefinition(name=job, command="true", schedule="* * * * *") for job in jobs)
    )
    past.started(NOW - 49 * HOUR)
    for _ in range(150):
        due = NOW - chance.randrange(20, 48 * 3_600) * SECOND
        waits, takes = chance.choice([0, 0, 1, 900]) * SECOND, chance.choice([0, 1, 60, 7_200]) * SECOND
        if due + waits + takes >= NOW:
            takes = timedelta(0)
        job, outcome = chance.choice(jobs), chance.choice(OUTCOMES)
        past.run(job, due, waits=waits, takes=takes, outcome=outcome)
        begin = due + waits
        rows.append({"job": job, "mark": outcome, "due": due, "begin": begin, "end": begin + takes})
    return past, rows


@pytest.mark.parametrize("seed", range(3))
def test_what_is_drawn_is_what_happened(seed: int, tmp_path: Path) -> None:
    """The runs of the picture, counted by columns, are those of the ledger, worked out from their times alone."""
    past, rows = a_past(seed)
    home = Home(tmp_path / "home")
    past.record(home)
    begin, end = NOW - 30 * HOUR, NOW - 3 * HOUR
    said = call(
        "jobs", "timeline", "--json", "--utc", "--since", begin.isoformat(), "--until", end.isoformat(),
        home=home.root,
    ).document  # fmt: skip
    column = timedelta(milliseconds=said["column_ms"])
    midnight = begin.replace(hour=0)
    origin = midnight + (begin - midnight) // column * column

    def at(instant: datetime) -> int:
        return (instant - origin) // column

    expected: dict[tuple[str, str, int, int], int] = {}
    for row in rows:
        if row["begin"] < end and (row["end"] >= begin or row["begin"] >= begin):
            last = min(
                max(row["end"] - timedelta(microseconds=1), row["begin"]), end - timedelta(microseconds=1)
            )
            key = (row["job"], row["mark"], max(at(row["begin"]), 0), max(at(last), 0))
            expected[key] = expected.get(key, 0) + 1
    found: dict[tuple[str, str, int, int], int] = {}
    for job in said["jobs"]:
        for span in job["spans"]:
            began, ended = (datetime.fromisoformat(span[name]) for name in ("began", "ended"))
            place = (job["job"], span["what"], at(began), at(ended) - 1)
            found[place] = found.get(place, 0) + span["count"]
    assert found == expected


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose last day has one of everything."""
    now = datetime.now(UTC)
    past = Past()
    names = ("backup", "heartbeat", "a-job-with-a-name-that-is-longer-than-any-column", "queue")
    past.defined(
        now - 26 * HOUR,
        *(
            JobDefinition(name=name, command="true", schedule="* * * * *", timezone="Europe/Paris")
            for name in names
        ),
    )
    past.started(now - 26 * HOUR)
    for minute in range(25 * 60, 8 * 60, -1):
        past.run("heartbeat", now - minute * MINUTE, outcome="failed" if minute == 700 else "succeeded")
    past.stopped(now - 8 * HOUR)
    past.missed(now - 6 * HOUR, "heartbeat", now - 8 * HOUR + MINUTE, now - 6 * HOUR - MINUTE, 119, 1)
    past.started(now - 6 * HOUR)
    past.run("backup", now - 20 * HOUR, takes=3 * HOUR, outcome="timed_out")
    past.run("backup", now - 5 * HOUR, waits=2 * HOUR, takes=HOUR)
    past.run("backup", now - HOUR, takes=None)
    past.skipped("queue", now - 15 * HOUR)
    past.run("queue", now - 13 * HOUR, takes=2 * HOUR, outcome="lost")
    past.run("queue", now - 12 * HOUR, takes=2 * HOUR, outcome="cancelled")
    past.run(names[2], now - 3 * HOUR, takes=HOUR)
    home = Home(tmp_path_factory.mktemp("eventful") / "home")
    past.record(home)
    return home


def timeline(home: Home, *options: str, terminal: bool = False) -> Answer:
    """What the command answers."""
    answer = call("jobs", "timeline", *options, home=home.root, terminal=terminal)
    assert answer.code == 0, answer.err
    return answer


def plain(text: str) -> str:
    """A text without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_one_of_everything_is_seen(eventful: Home) -> None:
    """Whatever became of runs, waits and the outage: each is in the picture, by its character."""
    lines = timeline(eventful, "--width", "100").out.splitlines()
    lanes = {line.split()[0]: line for line in lines if line[:1].isalpha()}
    assert re.search(r"\[=+T", lanes["backup"])
    assert re.search(r"\.\.+\[=*\]", lanes["backup"])
    assert re.search(r"\[=*> ", lanes["backup"])
    assert "x" in lanes["heartbeat"][20:]
    assert "!!" in lanes["heartbeat"]
    assert "o" in lanes["queue"][20:]
    assert re.search(r"\[=+L", lanes["queue"])
    assert any(re.search(r"^ +:* *\[=+C", line) for line in lines), (
        "the overlapping run is in a lane of its own"
    )
    assert ":::" in lanes["queue"]
    legend = " ".join(lines)
    for words in (
        "x 1 failed",
        "T 1 timed out",
        "L 1 lost",
        "C 1 cancelled",
        "o 1 skipped",
        "! 118 missed",
        "> 1 running",
    ):
        assert words in legend
    assert re.search(r"no scheduler from (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d to .*\(2 h\)", legend)


def test_only_the_missed_instants_within_the_picture_are_counted_and_drawn(tmp_path: Path) -> None:
    """Of a long outage, a few hours: the schedule's own instants in them, less the one that was caught up."""
    begin, end = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    past = Past()
    past.defined(begin - HOUR, JobDefinition(name="often", command="true", schedule="* * * * *"))
    past.defined(begin - HOUR, JobDefinition(name="tens", command="true", schedule="*/10 2 * * *"))
    past.missed(end, "often", begin, end - MINUTE, 5 * 24 * 60, 1)
    past.missed(end, "tens", begin + 2 * HOUR, end - 22 * HOUR + 50 * MINUTE, 5 * 6, 1)
    # What it was when it missed them counts, not what it is now.
    past.defined(end + HOUR, JobDefinition(name="tens", command="true", schedule="0 7 * * *"))
    home = Home(tmp_path / "home")
    past.record(home)

    def jobs(*options: str) -> dict[str, Any]:
        found = timeline(home, "--utc", "--json", "--width", "120", *options).document["jobs"]
        return {job["job"]: job for job in found}

    four_hours = jobs("--since", "2026-03-30T00:00:00Z", "--until", "2026-03-30T04:00:00Z")
    assert four_hours["often"]["totals"] == {"missed": 240}
    day = jobs("--since", "2026-03-30", "--until", "2026-03-30")
    assert (day["often"]["totals"], day["tens"]["totals"]) == ({"missed": 1440}, {"missed": 6})
    (span,) = day["tens"]["spans"]
    assert (span["began"], span["count"]) == ("2026-03-30T02:00:00Z", 6)
    assert span["ended"] <= "2026-03-30T03:15:00Z"
    all_of_it = jobs("--since", "2026-03-27", "--until", "2026-04-03")
    assert (all_of_it["often"]["totals"], all_of_it["tens"]["totals"]) == ({"missed": 7199}, {"missed": 29})
    apart = [span["began"][:10] for span in all_of_it["tens"]["spans"]]
    assert apart == [f"{begin + timedelta(days=day):%Y-%m-%d}" for day in range(5)]
    lane = timeline(home, "--utc", "--since", "2026-03-30", "--until", "2026-03-30", "--job", "tens").out
    assert re.search(r"\ntens +!+ +0 +-\n", lane)
    assert "! 6 missed" in lane
    assert "tens" not in jobs("--since", "2026-03-30T04:00:00Z", "--until", "2026-03-30T22:00:00Z")


def test_what_was_backfilled_is_not_missed(tmp_path: Path) -> None:
    """Its run is drawn in place of the mark; the other instants of the same outage stay marked."""
    world = World(defined("hourly", "0 * * * *", catch_up="none"))
    world.start()
    world.run(1_800)
    world.crash()
    world.clock.pass_(5 * 3_600)
    world.start()
    assert world.backfill("hourly", timedelta(hours=6), missed_only=True, most=2)
    world.run(60)
    home = home_of(world, tmp_path / "home")

    def totals(until: str) -> dict[str, int]:
        window = ("--since", "2026-01-01T00:30:00Z", "--until", f"2026-01-01T{until}:00Z")
        (found,) = timeline(home, "--utc", "--json", "--width", "120", *window).document["jobs"]
        totals: dict[str, int] = found["totals"]
        return totals

    assert totals("06:30") == {"succeeded": 2, "missed": 3}
    assert totals("03:30") == {"missed": 1}


def test_the_legend_has_what_is_drawn_and_nothing_else(tmp_path: Path) -> None:
    """A mark whose every column is shared has a count and no character; a bar and a point are told apart."""
    now, past = datetime.now(UTC), Past()
    past.defined(now - 30 * HOUR, JobDefinition(name="often", command="true", every="1s"))
    past.defined(now - 30 * HOUR, JobDefinition(name="long", command="true", every="12h"))
    within_a_column = now - 10 * HOUR - timedelta(minutes=15)  # columns of half an hour end about now
    for number in range(5):
        past.run("often", within_a_column + timedelta(seconds=number), takes=timedelta(milliseconds=1))
    home = Home(tmp_path / "often")
    past.record(home)
    crowded = timeline(home, "--job", "often").out
    assert "\n5 succeeded" in crowded
    assert "*" not in crowded
    past.run("long", now - 8 * HOUR, takes=4 * HOUR)
    home = Home(tmp_path / "long")
    past.record(home)
    bars = timeline(home, "--job", "long").out
    assert "\n[=] 1 succeeded" in bars
    assert "*" not in bars
    past.run("long", now - 2 * HOUR, takes=timedelta(seconds=1))
    home = Home(tmp_path / "both")
    past.record(home)
    assert "\n* [=] 2 succeeded" in timeline(home, "--job", "long").out


def test_an_outage_of_another_day_has_its_date(tmp_path: Path) -> None:
    """A time of day alone is one of today."""
    now, past = datetime.now(UTC), Past()
    past.defined(now - 90 * HOUR, JobDefinition(name="often", command="true", every="1h", timezone="UTC"))
    past.started(now - 80 * HOUR)
    past.stopped(now - 60 * HOUR)
    home = Home(tmp_path / "home")
    past.record(home)
    out = timeline(home, "--since", "4d", "--utc").out
    assert f"no scheduler from {now - 60 * HOUR:%Y-%m-%d %H:%M:%S} on" in out


def test_in_a_pipe_it_is_plain_ascii_without_colours(eventful: Home) -> None:
    """Nothing that a log file or a mail could garble."""
    out = timeline(eventful).out
    assert out.isascii()
    assert "\x1b" not in out


def test_without_colours_a_terminal_shows_the_same(eventful: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR takes the colours away and nothing else."""
    options = ("--since", "2026-01-01", "--width", "90")
    coloured = timeline(eventful, *options, terminal=True).out
    monkeypatch.setenv("NO_COLOR", "1")
    bare = timeline(eventful, *options, terminal=True).out
    assert "\x1b" in coloured
    assert "\x1b" not in bare
    assert len(plain(coloured).splitlines()) == len(bare.splitlines())


@pytest.mark.parametrize("width", [44, 80, 140])
@pytest.mark.parametrize("terminal", [False, True])
def test_it_fits_the_width(eventful: Home, width: int, terminal: bool) -> None:
    """No line of the picture is wider than asked."""
    out = plain(timeline(eventful, "--width", str(width), terminal=terminal).out)
    title, *picture = out.splitlines()
    assert "a column is" in title
    assert max(map(display_width, picture)) <= max(width, 66), (
        "the sentences on outages, with their dates, are not cut"
    )
    lanes = [line for line in picture if line.startswith(("backup", "heartbeat", "queue", "a-job"))]
    assert len(lanes) == 4
    assert max(map(display_width, lanes)) <= width


def test_only_the_jobs_that_are_named(eventful: Home) -> None:
    """--job narrows, and may be given again."""
    said = timeline(eventful, "--json", "--job", "queue", "--job", "backup").document
    assert [job["job"] for job in said["jobs"]] == ["backup", "queue"]
    assert said["timezone"] == "Europe/Paris"


def test_json_has_totals_and_outages(eventful: Home) -> None:
    """What the picture shows, for programs."""
    said = timeline(eventful, "--json").document
    totals = {job["job"]: job["totals"] for job in said["jobs"]}
    assert totals["backup"] == {"timed_out": 1, "succeeded": 1, "running": 1}
    assert totals["heartbeat"]["failed"] == 1
    assert {job["job"]: job["lateness_ms_max"] for job in said["jobs"]}["backup"] == 2 * 3_600_000
    assert [outage["reason"] for outage in said["outages"]] == ["signal", "died"]
    assert said["outages"][1]["ended"] is None


def test_what_cannot_be_asked_is_said(eventful: Home) -> None:
    """An end before the beginning, and a job that is not there, with the nearest."""
    backwards = call("jobs", "timeline", "--since", "1h", "--until", "2h", home=eventful.root)
    assert (backwards.code, "not before --until" in backwards.err) == (2, True)
    mistyped = call("jobs", "timeline", "--job", "bakcup", home=eventful.root)
    assert (mistyped.code, "did you mean backup?" in mistyped.err) == (2, True)


def test_many_quiet_jobs_are_left_out_but_no_failure_is(tmp_path: Path) -> None:
    """Of a hundred jobs the picture shows those that failed, and says how many more there are."""
    now, past = datetime.now(UTC), Past()
    names = [f"job-{number:03d}" for number in range(100)]
    past.defined(now - 3 * HOUR, *(JobDefinition(name=name, command="true", every="1h") for name in names))
    for name in names:
        past.run(name, now - HOUR, outcome="failed" if name == "job-099" else "succeeded")
    home = Home(tmp_path / "home")
    past.record(home)
    answer = timeline(home)
    lanes = [line for line in answer.out.splitlines() if line.startswith("job-")]
    assert len(lanes) == 40
    assert "x" in lanes[-1]
    assert lanes[-1].startswith("job-099")
    assert "60 more jobs without a failure" in answer.err
    assert "99 succeeded" in answer.out
