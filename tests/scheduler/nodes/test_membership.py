from __future__ import annotations

from unittest import mock

import pytest

from eventstore.errors import NoAnswer, Unavailable
from eventstore.replicated.database import NodeIdentity
from scheduler.nodes.database_clock import DatabaseClock
from scheduler.nodes.liveness import SILENT_S
from scheduler.nodes.membership import RENEW_S, Membership, NameTaken
from tests.support.simulated_database import SimulatedDatabase, Trouble
from tests.support.simulated_server import DatabaseServer
from tests.support.world import SimulatedClock


class Machine:
    """A machine whose home serves as a node; time passes here and in the database alike."""

    def __init__(
        self, server: DatabaseServer, clock: SimulatedClock, node: str, home: str, *, is_sure: bool = True
    ) -> None:
        self.database = SimulatedDatabase(server, f"{node} {home}")
        self.clock = clock
        self.membership = Membership(
            self.database,
            NodeIdentity(node, home * 32, f"host-{home}"),
            DatabaseClock(clock),
            is_sure=is_sure,
        )

    def holds(self) -> bool:
        """Whether its row is its own."""
        return self.membership.holds

    def is_away(self) -> bool:
        """Whether it could not reach the database."""
        return self.membership.is_away


class Net:
    """A database and the machines that reach it."""

    def __init__(self) -> None:
        self.server, self.clock = DatabaseServer(), SimulatedClock()

    def machine(self, node: str, home: str, *, is_sure: bool = True) -> Machine:
        """One more."""
        return Machine(self.server, self.clock, node, home, is_sure=is_sure)

    def run(self, seconds: float, *machines: Machine) -> None:
        """Time passes, and each of these keeps its membership up."""
        for _ in range(round(seconds / 0.05)):
            for machine in machines:
                machine.membership.turn()
            self.clock.pass_(0.05)
            self.server.timeline.pass_(0.05)


def test_members_hear_one_another_and_who_stops_is_silent() -> None:
    """A name that nobody has is taken at once; a process that is killed is silent three seconds later."""
    net = Net()
    a, b = net.machine("a", "1"), net.machine("b", "2")
    net.run(2.0, a, b)
    assert a.holds()
    assert a.membership.liveness.silence_s("b") <= RENEW_S
    assert a.membership.head is not None
    net.run(SILENT_S + 1.0, a)
    assert a.membership.liveness.is_silent("b")
    assert not a.membership.liveness.is_silent("a")


def test_a_name_that_another_home_keeps_up_is_refused() -> None:
    """Whoever comes second says so, and the first one is not disturbed."""
    net = Net()
    first, second = net.machine("a", "1"), net.machine("a", "2")
    net.run(1.0, first)
    with pytest.raises(NameTaken) as refused:
        net.run(SILENT_S + 2.0, first, second)
    assert (refused.value.node, refused.value.host) == ("a", "host-1")
    net.run(2.0, first)
    assert first.holds()


def test_a_name_whose_home_is_gone_is_taken_and_who_comes_back_stops() -> None:
    """It is watched first; the home that had it finds that out when it renews."""
    net = Net()
    old, new = net.machine("a", "1"), net.machine("a", "2")
    net.run(1.0, old)
    net.run(SILENT_S - 0.5, new)
    assert not new.holds()
    net.run(1.5, new)
    assert new.holds()
    with pytest.raises(NameTaken):
        net.run(2.0, old)


def test_a_name_that_another_home_had_is_watched_as_calmly_as_nodes_are() -> None:
    """Nobody asks the database without a pause, for the seconds until that home is known to be gone."""
    net = Net()
    old, new = net.machine("a", "1"), net.machine("a", "2")
    net.run(1.0, old)
    new.membership.turn()
    assert new.membership.due_s() > 0.0
    net.run(SILENT_S - 0.5, new)
    assert not new.holds()
    assert new.database.calls <= 60  # as many turns passed


def test_a_home_has_its_name_again_at_once_and_under_another_name_of_its_machine() -> None:
    """A restart need not wait, for the home is the same."""
    net = Net()
    net.run(1.0, net.machine("a", "1"))
    again = Machine(net.server, net.clock, "a", "1")
    again.membership.turn()
    assert again.holds()
    renamed = Membership(
        SimulatedDatabase(net.server, "renamed"),
        NodeIdentity("a", "1" * 32, "other"),
        DatabaseClock(net.clock),
    )
    renamed.turn()
    assert renamed.holds


def test_while_the_database_is_away_nobody_becomes_silent() -> None:
    """The time in which it could not be read is not counted, and neither is what came before."""
    net = Net()
    a, b = net.machine("a", "1"), net.machine("b", "2")
    net.run(2.0, a, b)
    net.run(2.5, a)
    silent_s = a.membership.liveness.silence_s("b")
    a.database.meet(Trouble.UNREACHABLE, times=3)
    for _ in range(3):
        with pytest.raises(Unavailable):
            net.run(1.5, a)
        net.clock.pass_(1.0)
    assert a.is_away()
    net.run(1.0, a)
    assert not a.is_away()
    assert a.membership.liveness.silence_s("b") < silent_s


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    """Time that the answer took is time in which the others did not hear anything newer."""
    net = Net()
    a = net.machine("a", "1")
    a.database.wait = lambda seconds: None
    a.membership.turn()
    sent_s = net.clock.boottime_s
    a.database.after = lambda call: net.clock.pass_(10.0) if call == "renew" else None
    net.clock.pass_(RENEW_S)
    a.membership.turn()
    a.database.after = lambda call: None
    assert a.membership.renewal.may_start(sent_s + RENEW_S + 29.9, 60.0)
    assert not a.membership.renewal.may_start(sent_s + RENEW_S + 30.1, 60.0)


def test_a_row_that_is_gone_is_claimed_anew() -> None:
    """A database that lost it did not give the name to anybody."""
    net = Net()
    a = net.machine("a", "1")
    net.run(1.0, a)
    real, found = a.database.pulse(), a.database.pulse
    with (
        mock.patch.object(a.database, "renew", return_value=None),
        mock.patch.object(a.database, "pulse", return_value=real._replace(nodes=())),
    ):
        net.run(RENEW_S, a)
        assert not a.holds()
    net.run(0.5, a)
    assert a.holds()
    assert [each.identity.node for each in found().nodes] == ["a"]


def test_a_clone_of_a_machine_that_is_alive_does_not_take_its_row() -> None:
    """After a start of the machine nobody knows whether it is a clone: the row of its home is watched first."""
    net = Net()
    machine = net.machine("a", "1")
    net.run(2.0, machine)
    clone = net.machine("a", "1", is_sure=False)
    with pytest.raises(NameTaken):
        net.run(3.0, machine, clone)
    assert not clone.holds()
    net.run(2.0, machine)
    assert machine.holds()


def test_a_machine_that_was_started_again_has_its_row_once_nobody_else_raises_the_counter() -> None:
    """And a node that never served has it at once."""
    net = Net()
    machine = net.machine("a", "1", is_sure=False)
    net.run(0.05, machine)
    assert machine.holds()
    again = net.machine("a", "1", is_sure=False)
    net.run(SILENT_S - 0.5, again)
    assert not again.holds()
    net.run(1.5, again)
    assert again.holds()


def test_who_is_cloned_with_all_that_runs_finds_the_other_in_its_counter() -> None:
    """Neither has asked anew for its row. Lost answers, after which a counter may have been raised, are no sign."""
    net = Net()
    machine = net.machine("a", "1")
    for _ in range(10):
        net.run(RENEW_S, machine)
        machine.database.meet(Trouble.ANSWER_LOST, "renew")
        with pytest.raises((Unavailable, NoAnswer)):
            net.run(2 * RENEW_S, machine)
    clone = net.machine("a", "1")
    with pytest.raises(NameTaken):
        net.run(20.0, machine, clone)
