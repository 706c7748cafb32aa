"""`jobs why`: what people and programs are told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from cli.words.explanation_words import headline, sentence_of
from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.explanation import Explainer, facts
from scheduler.home import Home
from scheduler.ledger.past import Past
from tests.support import past as made_up
from tests.support.command import Answer, await_fact, call, process
from tests.support.home import CONFIG, LiveHome, flip_a_bit, make_home, record
from tests.support.lives import live_wildly
from tests.support.simulated_home import home_of, story
from tests.support.world import Machine, SimulatedClock, World, job

PAGE = Path(__file__).parents[4] / "docs" / "why.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A week in the life of a job, long ago."""
    return home_of(story(), tmp_path_factory.mktemp("story"))


def why(home: Home, at: str, *options: str) -> Answer:
    """Ask about the job of the story."""
    return call("jobs", "why", "nightly", "--at", at, *options, home=home.root)


def examples() -> list[tuple[list[str], str]]:
    """The commands of the page and what it says they print."""
    blocks = re.findall(r"```console\n\$ cronledger (.+)\n((?s:.*?))\n```", PAGE.read_text(encoding="utf-8"))
    return [([word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)], out) for line, out in blocks]


@pytest.mark.parametrize(("arguments", "expected"), examples(), ids=lambda part: " ".join(part)[:60])
def test_the_page_shows_what_is_printed(home: Home, arguments: list[str], expected: str) -> None:
    """Each example of docs/why.md is run; what comes next from now on is not in it."""
    answer = call(*arguments, home=home.root)
    assert answer.code == 0
    assert answer.out.partition("What comes next")[0].rstrip() == expected


def test_the_page_has_an_example_for_most_verdicts(home: Home) -> None:
    """The page shows a run, a pause, a gap, an outage, an overlap, a time that is none, and the time before all."""
    asked = [arguments[4] for arguments, _ in examples() if "why" in arguments]
    verdicts = {why(home, at, "--json").document["answers"][0]["verdict"] for at in asked}
    assert verdicts == {"ran", "disabled", "missed", "skipped", "not_due", "not_defined"}


def test_json_has_the_facts_with_their_entries(home: Home) -> None:
    """Programs get the verdict, the facts, and the entries that prove each of them."""
    document = why(home, "2025-04-01 02:30", "--json").document
    (answer,) = document["answers"]
    assert document["asked"] == {
        "text": "2025-04-01 02:30",
        "shown": "once",
        "instants": ["2025-04-01T00:30:00Z"],
    }
    assert (answer["verdict"], answer["instant"]) == ("missed", "2025-04-01T00:30:00Z")
    down = next(fact for fact in answer["facts"] if fact["kind"] == "scheduler_down")
    assert (down["how"], down["until"]) == ("died", "2025-04-02T07:00:00Z")
    assert set(down["entries"]) <= set(answer["entries"])
    types = []
    for seq in down["entries"]:
        shown = call("ledger", "show", str(seq), "--json", home=home.root).document
        types.append(shown["entry"]["type"])
    assert types == ["run.finished", "scheduler.started"]


@pytest.mark.parametrize(
    "at", ["2025-03-28 02:30", "2025-03-28T02:30", "2025-03-28T01:30:00Z", "2025-03-28T02:30:00+01:00"]
)
def test_times_as_people_type_them(home: Home, at: str) -> None:
    """A local time is one of the job's zone; with an offset it is what it says."""
    (answer,) = why(home, at, "--json").document["answers"]
    assert (answer["instant"], answer["verdict"]) == ("2025-03-28T01:30:00Z", "ran")


def test_seconds_ask_for_that_second(home: Home) -> None:
    """A minute stands for every instant in it, a second for itself alone."""
    assert why(home, "2025-03-28 02:30:00", "--json").document["answers"][0]["verdict"] == "ran"
    assert why(home, "2025-03-28 02:30:01", "--json").document["answers"][0]["verdict"] == "not_due"


def test_a_minute_of_many_instants_is_cut_short(tmp_path: Path) -> None:
    """A job that runs every second has sixty answers to a minute: the first are told, and how many more there are."""
    home = make_home(tmp_path, "jobs:\n  beat:\n    every: 1s\n    command: 'true'\n")
    assert call("jobs", "enable", "beat", home=home.root).code == 0
    document = call("jobs", "why", "beat", "--at", "2040-01-01 00:00", "--json", home=home.root).document
    assert (len(document["answers"]), document["more_instants"]) == (6, 54)
    said = call("jobs", "why", "beat", "--at", "2040-01-01 00:00", home=home.root).out
    assert "And 54 instants more in that minute" in said


def test_a_local_time_that_comes_twice_gets_two_answers(home: Home) -> None:
    """Clocks that are set back show a time twice: that is said, and both instants are answered."""
    answer = why(home, "2024-10-27 02:30")
    assert "Clocks in Europe/Paris show 2024-10-27 02:30:00 twice" in answer.out
    document = why(home, "2024-10-27 02:30", "--json").document
    assert document["asked"]["shown"] == "twice"
    instants = [each["instant"] for each in document["answers"]]
    assert instants == ["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"]


def test_utc(home: Home) -> None:
    """With --utc every time is shown in UTC."""
    out = why(home, "2025-04-01 02:30", "--utc").out
    assert "2025-04-01 00:30:00 UTC" in out
    assert "+02:00" not in out


def test_without_a_time_it_is_about_when_it_was_last_due(home: Home) -> None:
    """The latest instant of the schedule up to now, and what comes next."""
    answer = call("jobs", "why", "nightly", home=home.root)
    assert "Not so far: that has passed" in answer.out
    assert "the last one stopped at 2025-04-06 14:00:00 +02:00 (SIGTERM)" in answer.out
    assert "What comes next: 2" in answer.out
    document = call("jobs", "why", "nightly", "--json", home=home.root).document
    due = datetime.fromisoformat(document["answers"][0]["instant"])
    assert timedelta() <= datetime.now(UTC) - due <= timedelta(hours=26)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2025-04-01", "has no time of day"),
        ("yesterday", "has no time of day"),
        ("teatime", "is not a time"),
        ("2025-02-30 02:30", "is not a time that exists"),
        ("25:61", "is not a time that exists"),
        ("0001-01-01 02:30", "outside the years"),
    ],
)
def test_what_is_no_time_is_refused(home: Home, at: str, said: str) -> None:
    """A mistyped time is a mistake of usage, and what to type is said."""
    answer = why(home, at)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_mistyped_job_is_answered_with_the_nearest(home: Home) -> None:
    """As everywhere."""
    answer = call("jobs", "why", "nighty", home=home.root)
    assert answer.code == 2
    assert "did you mean nightly?" in answer.err


def test_a_job_that_is_only_in_the_config_has_no_story_yet(tmp_path: Path) -> None:
    """Before anything is on record that is said, with what to do."""
    home = make_home(tmp_path)
    answer = call("jobs", "why", "nightly", home=home.root)
    assert answer.code == 2
    assert "nothing is on record about job nightly yet" in answer.err


def test_a_run_by_hand_is_told(tmp_path: Path) -> None:
    """What a person asked for in that minute is told beside the schedule."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "nightly", home=home.root).code == 0
    requested = v.RunRequested(executor="scheduler", reason="look at\x1b[2J this")
    record(home, v.event(requested, "user:ann@host", job="nightly", run=OWN_SEQ))
    answer = call("jobs", "why", "nightly", "--at", "now", home=home.root)
    if "asked for run" not in answer.out:  # a minute began in between
        answer = call("jobs", "why", "nightly", "--at", "1m", home=home.root)
    assert "user:ann@host asked for run" in answer.out
    assert "\x1b" not in answer.out


def test_of_a_job_that_was_never_due_it_is_told_for_what_a_run_waits(tmp_path: Path) -> None:
    """Somebody asked for it, and no scheduler is there to start it."""
    home = make_home(tmp_path, "jobs:\n  rare: {at: '2097-01-01T00:00:00Z', command: 'true'}\n")
    assert call("jobs", "disable", "rare", home=home.root).code == 0
    assert call("jobs", "enable", "rare", home=home.root).code == 0
    requested = v.RunRequested(executor="scheduler", reason="once")
    record(home, v.event(requested, "user:ann@host", job="rare", run=OWN_SEQ))
    said = call("jobs", "why", "rare", home=home.root).out
    assert "rare has not been due yet." in said
    assert re.search(r"  - Run \d+ was asked for: waiting for .*scheduler.*\. \[entry \d+\]", said), said


def test_a_job_that_was_removed_can_be_asked_about(tmp_path: Path) -> None:
    """Its past is on record."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "nightly", home=home.root).code == 0
    home.config.write_text(CONFIG.replace("  nightly:", "  renamed:"))
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    next_year = datetime.now(UTC).year + 1
    answer = call("jobs", "why", "nightly", "--at", f"{next_year}-01-01 02:30", home=home.root)
    assert answer.code == 0
    assert "the config no longer has it" in answer.out


def test_without_a_time_a_removed_job_is_told_while_it_was_there(tmp_path: Path) -> None:
    """The latest instant at which it was due lies before its removal, and that it was removed is said."""
    now = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) - timedelta(hours=1)
    past = made_up.Past()
    past.defined(now - timedelta(hours=30), JobDefinition(name="gone", command="true", schedule="0 * * * *"))
    past.run("gone", now - timedelta(hours=10, minutes=30))
    past.removed(now - timedelta(hours=10), "gone")
    home = make_home(tmp_path / "home", None)
    past.record(home)
    (answer,) = call("jobs", "why", "gone", "--json", home=home.root).document["answers"]
    due = now - timedelta(hours=10, minutes=30)
    assert (answer["instant"], answer["verdict"]) == (f"{due:%Y-%m-%dT%H:%M:%SZ}", "ran")
    said = call("jobs", "why", "gone", home=home.root).out
    removed = f"{now - timedelta(hours=10):%Y-%m-%d %H:%M:%S} UTC"
    assert f"What comes next: nothing; it was removed from the config at {removed}." in said


def test_of_a_time_to_come_nothing_is_told_in_the_past(tmp_path: Path) -> None:
    """No scheduler is running now: whether one will be then, nobody knows."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "ticker", "--reason", "x", home=home.root).code == 0
    never = call("jobs", "why", "nightly", "--at", "2097-01-01 02:30", home=home.root).out
    assert "No scheduler has ever been started." in never
    record(home, v.event(v.SchedulerStarted(pid=1, host="h", boot_id="b", versions={}), v.SCHEDULER))
    record(home, v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER))
    stopped = call("jobs", "why", "nightly", "--at", "2097-01-01 02:30", home=home.root).out
    assert "No scheduler is running: the last one stopped at" in stopped
    assert "was running" not in never + stopped


def test_a_second_pass_of_the_clock_is_told(tmp_path: Path) -> None:
    """The clock was set back while no scheduler ran: both passes are told, with the schedule of each."""
    begin = datetime(2025, 6, 2, 9, tzinfo=UTC)
    world = World(job("half", "0,30 * * * *"), machine=Machine(SimulatedClock(begin)))
    world.start()
    world.crash()
    world.clock.pass_(3_600)
    world.start()
    world.run(3 * 3_600)
    world.edit(job("half", "*/15 * * * *"))
    world.say(lambda state: [v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER)])
    world.crash()
    world.clock.step((begin + timedelta(minutes=2) - world.clock.wall).total_seconds())
    world.start()
    world.run(7_200)
    home = home_of(world, tmp_path / "home")

    missed = call("jobs", "why", "half", "--at", "2025-06-02T09:30:00Z", home=home.root).out
    assert "No scheduler was running: the last one died" in missed
    assert "or more while no scheduler was running: from 2025-06-02 13:00" in missed
    assert "When the clock came to this time again, its schedule had it: */15 * * * * UTC" in missed
    assert "everything up to 2025-06-02 13:00:00 UTC was settled by then" in missed
    edited = call("jobs", "why", "half", "--at", "2025-06-02T09:45:00Z", home=home.root).out
    assert "No: it was not due at first, and when the clock came to it again it had been settled." in edited
    assert "Its schedule does not have this instant: 0,30 * * * *" in edited
    assert "its schedule had it: */15 * * * * UTC" in edited


def test_a_damaged_ledger_is_not_answered_from(tmp_path: Path) -> None:
    """No explanation stands on entries that cannot be trusted."""
    home = home_of(story(), tmp_path)
    flip_a_bit(home)
    answer = process("jobs", "why", "nightly", "--at", "2025-03-28 02:30", home=home.root)
    assert answer.code == 3
    assert "Traceback" not in answer.err


@pytest.mark.real
def test_a_real_outage_is_explained(tmp_path: Path) -> None:
    """A real scheduler is killed and started again: what it missed is told from its real ledger."""
    live = LiveHome(tmp_path)
    live.configure("jobs:\n  beat:\n    every: 1s\n    command: 'true'\n    catch_up: none\n")
    with live.served() as scheduler:
        live.await_entry("run.finished")
        scheduler.kill()
        scheduler.wait()
    killed = live.entries()[-1].time
    await_fact(lambda: datetime.now(UTC) > killed + timedelta(seconds=2))
    with live.served():
        live.await_entry("schedule.misfired")
    misfire = v.payload(live.entries("schedule.misfired")[0])
    moment = misfire.first.isoformat().replace("+00:00", "Z")
    said = live.run("jobs", "why", "beat", "--at", moment).out
    assert "No: it was missed, and not caught up." in said
    assert "the last one died without a word" in said
    assert "Its catch-up policy is none" in said
    assert killed <= misfire.first + timedelta(seconds=1)


def test_every_fact_has_words() -> None:
    """Whatever an explanation may say, there is a sentence for it."""
    kinds = {kind for kind in vars(facts).values() if isinstance(kind, type) and issubclass(kind, facts.Fact)}
    years = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-01-01")
    st.register_type_strategy(datetime, st.datetimes(*years, timezones=st.just(UTC)))
    any_will_do = settings(max_examples=1, phases=[Phase.generate])
    for kind in kinds - {facts.Fact}:
        assert sentence_of(find(st.builds(kind), lambda fact: True, settings=any_will_do), "UTC")


def test_whatever_happens_can_be_told(tmp_path: Path) -> None:
    """Over lives full of crashes, edits and people: each answer reads as a headline and sentences, safe to print."""
    told = set()
    for seed in range(3):
        world = live_wildly(seed)
        past = Past(world.machine.store.peer(), tmp_path / str(seed), 512)
        for name in past.state_at(past.head_seq).jobs:
            explainer = Explainer(past, name, world.clock.wall, serving=False)
            for entry in world.entries(v.ScheduleTicked, v.ScheduleMisfired, v.JobDisabled)[::7]:
                instant = getattr(v.payload(entry), "first", entry.time).replace(second=0, microsecond=0)
                answer = explainer.explain(instant)
                lines = [
                    headline(answer, world.clock.wall)[1],
                    *(sentence_of(fact, "UTC") for fact in answer.facts),
                ]
                assert all(
                    line.endswith(".") and line.isprintable() and "None" not in line for line in lines
                ), lines
                told |= {type(fact) for fact in answer.facts}
    assert len(told) > 10


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    """What was settled while the clock was ahead does not come again: `jobs why` says so, as `jobs next` does."""
    ahead = datetime(2099, 5, 1, 12, tzinfo=UTC)
    past = made_up.Past()
    past.defined(ahead, JobDefinition(name="nightly", command="true", schedule="30 2 * * *"))
    past.run("nightly", ahead + timedelta(hours=14, minutes=30))
    home = make_home(tmp_path / "home", None)
    past.record(home)
    (coming,) = call("jobs", "next", "-n", "1", "--json", home=home.root).document
    answer = call("jobs", "why", "nightly", home=home.root)
    assert (
        "The clock showed 2099-05-02 02:30:00 UTC when this was settled, and has been set back since."
        in answer.out
    )
    assert (
        "Instants up to 2099-05-02 02:30:00 UTC have been settled already: the clock was set back."
        in answer.out
    )
    assert "What comes next: 2099-05-03 02:30:00 UTC" in answer.out
    document = call("jobs", "why", "nightly", "--at", "tomorrow 02:30", "--json", home=home.root).document
    assert document["next_run"] == coming["scheduled_for"] == "2099-05-03T02:30:00Z"
    (told,) = document["answers"]
    assert told["answer"] == "It will not be run: that is settled already, for the clock was ahead."
    assert [fact["kind"] for fact in told["facts"]] == ["absent", "settled_ahead"]
    assert told["facts"][1]["until"] == "2099-05-02T02:30:00Z"


def test_a_clock_that_is_right_is_not_mentioned(home: Home) -> None:
    """Of a past that is past nothing is said about clocks that were set."""
    answer = why(home, "2025-03-28 02:30")
    assert "set back" not in answer.out
