"""A signal that comes while a node begins to serve."""

from __future__ import annotations

import signal
from unittest import mock

import pytest

from scheduler.nodes.node_service import NodeService
from scheduler.service.serving import Serving, StoppedBeforeItServed


class Scripted(Serving):
    """What serves, as far as its first turn goes: SIGTERM comes in it, and maybe the node joins."""

    def __init__(self, *, joins: bool) -> None:
        self._loop = self._parts = mock.Mock(has_joined=False)
        self._joins = joins
        self._to_come = [int(signal.SIGTERM)]

    def _turn_and_wait(self, most_s: float) -> list[int]:
        del most_s
        self._parts.has_joined = self._joins
        signals, self._to_come = self._to_come, []
        return signals


class Beginning(NodeService, Scripted):
    """A node that begins."""

    def begin(self) -> list[int]:
        """Begin; the signals of the next two turns."""
        self._begin()
        return [*self._turn_and_wait(1.0), *self._turn_and_wait(1.0)]

    def _look_at_standing(self) -> None:
        """Nobody is told."""


def test_a_node_that_joined_in_the_turn_in_which_it_is_to_stop_stops_as_one_that_serves() -> None:
    """It may lead already, and have started runs: these are not left without a word."""
    assert Beginning(joins=True).begin() == [signal.SIGTERM]


def test_a_node_that_has_not_joined_stops_at_once() -> None:
    """Nothing was started."""
    with pytest.raises(StoppedBeforeItServed):
        Beginning(joins=False).begin()
