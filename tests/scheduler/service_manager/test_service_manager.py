"""What is told to a service manager, and when; it holds up nothing."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.rules.timetable import Due
from scheduler.service_manager.notify_socket import NotifySocket, one_line
from scheduler.service_manager.service_manager import EXTEND_S, VARIABLES, ServiceManager
from scheduler.service_manager.status_words import Standing, serving_words, stopping_words
from tests.support.home import write_config
from tests.support.notify_receiver import NotifyReceiver
from tests.support.served import Served

PID = 4242


def flooded(address: str) -> int:
    """One more sender fills the queue as far as it can; how many datagrams found room."""
    found_room = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(BlockingIOError):
        sender.setblocking(False)
        while True:
            sender.sendto(b"x", address)
            found_room += 1
    return found_room


def manager_at(address: object, **environ: str) -> ServiceManager:
    """A scheduler's side, as process 4242."""
    return ServiceManager({"NOTIFY_SOCKET": str(address), **environ}, PID)


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_its_life_is_told_in_order(tmp_path: Path, kind: str) -> None:
    """More time while it starts, ready, what it does if that has changed, more time while it stops."""
    address = f"@cronledger-test-{os.getpid()}" if kind == "abstract" else tmp_path / "notify"
    with NotifyReceiver(address) as receiver:
        manager = manager_at(address)
        manager.turned(100)
        manager.turned(101)
        manager.turned(100 + EXTEND_S)
        manager.ready()
        manager.status("idle")
        manager.status("idle")
        manager.turned(200)
        manager.stopping()
        manager.turned(201)
        assert receiver.datagrams() == [
            "EXTEND_TIMEOUT_USEC=60000000",
            "EXTEND_TIMEOUT_USEC=60000000",
            "READY=1",
            "STATUS=idle",
            "STOPPING=1",
            "EXTEND_TIMEOUT_USEC=60000000",
        ]


@pytest.mark.parametrize(("watchdog_s", "most_s"), [(60, 30), (6, 3), (3, 1.5), (2, 1.1)])
def test_the_watchdog_hears_twice_within_its_time(tmp_path: Path, watchdog_s: int, most_s: float) -> None:
    """And hardly more often: the loop turns about once a second, and is not woken for it."""
    fed: list[float] = []
    with NotifyReceiver(tmp_path / "notify") as receiver:
        manager = manager_at(receiver.address, WATCHDOG_USEC=f"{watchdog_s}000000", WATCHDOG_PID=str(PID))
        manager.ready()
        receiver.datagrams()
        for turn in range(100):
            manager.turned(100 + turn * 1.01)
            fed += [100 + turn * 1.01] * receiver.datagrams().count("WATCHDOG=1")
    gaps = [after - before for before, after in pairwise(fed)]
    assert max(gaps) <= most_s
    assert min(gaps) >= min(1.0, most_s - 2.1)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"WATCHDOG_USEC": "6000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "-6"},
        {"WATCHDOG_USEC": "٣"},
        {"WATCHDOG_USEC": "6s"},
    ],
)
def test_a_watchdog_that_is_not_for_this_process_is_not_fed(tmp_path: Path, said: dict[str, str]) -> None:
    """It may be another's, or what the environment says may be no time."""
    with NotifyReceiver(tmp_path / "notify") as receiver:
        manager = manager_at(receiver.address, **said)
        manager.ready()
        manager.turned(100)
        assert receiver.datagrams() == ["READY=1"]


def test_a_reload_is_told_with_its_time_and_its_end(tmp_path: Path) -> None:
    """`systemctl reload` waits for that."""
    with NotifyReceiver(tmp_path / "notify") as receiver:
        manager = manager_at(receiver.address)
        with pytest.raises(ValueError, match="it fails"), manager.reloading():
            raise ValueError("it fails")
        first, last = receiver.datagrams()
        assert first.startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert last == "READY=1"


def test_what_finds_no_room_is_told_with_the_next_turn(tmp_path: Path) -> None:
    """A manager that is slow for a moment misses no READY=1, and holds up nothing; the newest status counts."""
    with NotifyReceiver(tmp_path / "notify") as receiver:
        while flooded(receiver.address):
            pass
        manager = manager_at(receiver.address)
        manager.status("one")
        manager.ready()
        manager.status("two")
        manager.turned(100)
        assert set(receiver.datagrams()) == {"x"}
        manager.turned(101)
        assert receiver.datagrams() == ["STATUS=two\nREADY=1"]


@pytest.mark.parametrize(
    "kind", ["nothing", "file", "folder", "pipe", "stream", "relative", "long", "vsock", "surrogate"]
)
def test_an_address_at_which_nobody_listens_holds_up_nothing(tmp_path: Path, kind: str) -> None:
    """It is data that anybody may have written."""
    path = tmp_path / "notify"
    address = {
        "relative": "notify",
        "long": "/" + "x" * 200,
        "vsock": "vsock:2:9",
        "surrogate": f"{path}\udcff",
    }.get(kind, str(path))
    with socket.socket(socket.AF_UNIX) as stream:
        match kind:
            case "file":
                path.touch()
            case "folder":
                path.mkdir()
            case "pipe":
                os.mkfifo(path)
            case "stream":
                stream.bind(address)
                stream.listen()
        manager = manager_at(address, WATCHDOG_USEC="2000000")
        manager.ready()
        manager.status("idle")
        for turn in range(5):
            manager.turned(100 + turn)


@given(text=st.text())
def test_no_text_becomes_a_second_message(text: str) -> None:
    """A job's name is data: a line break in it would let it speak for the scheduler."""
    shown = one_line(text)
    assert not set(shown) & set("\n\r\0\x85\u2028\u2029\x1b")
    assert len(shown) <= 300
    shown.encode()


@given(address=st.text(), told=st.dictionaries(st.just("STATUS"), st.text(), max_size=1))
def test_no_address_and_no_text_fails_the_scheduler(address: str, told: dict[str, str]) -> None:
    """Neither an odd address nor an odd text; nothing listens there."""
    assert NotifySocket(address if address[:1] != "@" else "@").send(told)


def test_what_it_says_is_taken_out_of_the_environment() -> None:
    """No program that the scheduler starts speaks in its name."""
    environ = dict.fromkeys(VARIABLES, "x") | {"PATH": "/bin"}
    ServiceManager(environ)
    assert environ == {"PATH": "/bin"}


def test_words_say_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many run and wait, what comes next, what keeps it from recording."""
    due = Due(datetime(2026, 11, 30, 2, tzinfo=UTC), "nightly")
    at = f"{due.instant.astimezone():%Y-%m-%d %H:%M:%S %z}"
    assert serving_words(Standing(0)) == "idle; nothing due"
    assert serving_words(Standing(2, 1, due)) == f"2 runs, 1 waiting; next nightly at {at}"
    assert serving_words(Standing(1, 0, None, "the ledger cannot be written")) == (
        "starts nothing: the ledger cannot be written; 1 run; nothing due"
    )
    assert serving_words(Standing(1, node="alpha", leads=False)) == "node alpha follows; 1 run"
    assert serving_words(Standing(0, 0, due, node="alpha")) == f"node alpha leads; idle; next nightly at {at}"
    assert stopping_words(0) == "stopping"
    assert stopping_words(1) == "stopping: 1 run to end"
    far = due._replace(instant=datetime.max.replace(tzinfo=UTC))
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    assert "9999-12-31" in serving_words(Standing(0, 0, far))


SEES = """\
jobs:
  sees: {every: 1s, command: "env > seen.new; mv seen.new seen"}
  never: {schedule: "0 0 29 2 *", timezone: UTC, command: echo}
"""


@pytest.mark.long
def test_a_scheduler_tells_what_it_does_and_its_runs_know_nothing_of_it(tmp_path: Path) -> None:
    """Ready once it is on record that it serves; its loop feeds the watchdog; a reload and the stop are told."""
    write_config(tmp_path, SEES)
    with NotifyReceiver(tmp_path / "notify") as receiver:
        env = {
            "NOTIFY_SOCKET": receiver.address,
            "WATCHDOG_USEC": "2000000",
            "LISTEN_FDS": "1",
            "INVOCATION_ID": "ab" * 16,
            "JOURNAL_STREAM": "1:2",
        }
        with Served(tmp_path, env) as served:
            receiver.wait_for("READY=1")
            assert receiver.heard[0].startswith("STATUS=")
            started = served.wait_for(v.SchedulerStarted)
            assert started.seq > 0
            receiver.wait_for("WATCHDOG=1")
            assert "next sees at " in receiver.wait_for("STATUS=")
            served.wait_for(v.RunFinished)
            seen = {line.partition("=")[0] for line in (tmp_path / "seen").read_text().splitlines()}
            assert not seen & {*env, *VARIABLES}
            receiver.heard.clear()
            served.send(1)  # type: ignore[arg-type]
            receiver.wait_for("RELOADING=1")
            receiver.wait_for("READY=1")
            code, _, _ = served.stop()
            assert code == 0
        receiver.wait_for("STATUS=stopping")
        receiver.wait_for("STOPPING=1")
    assert Home(tmp_path).ledger.exists()
