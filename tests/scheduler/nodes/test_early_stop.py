"""A signal that comes while a node begins to serve."""

from __future__ import annotations

import signal
from unittest import mock

import pytest

from scheduler.nodes.node_service import NodeService
from scheduler.service.serving import Serving, StoppedBeforeItServed


class Beginning(NodeService):
    """A node that begins, and whose first turn is at hand; it has no parts but what says whether it has joined."""

    def __init__(self) -> None:
        self._loop = self._parts = mock.Mock(has_joined=False)

    def begin(self, *, joins: bool) -> list[int]:
        """Begin with a turn in which SIGTERM comes, and maybe the node joins; the signals of the next two turns."""

        def turn(_service: Serving, _most_s: float) -> list[int]:
            self._parts.has_joined = joins
            return [signal.SIGTERM]

        with mock.patch.object(Serving, "_turn_and_wait", turn):
            self._begin()
        with mock.patch.object(Serving, "_turn_and_wait", return_value=[]):
            return [*self._turn_and_wait(1.0), *self._turn_and_wait(1.0)]

    def _look_at_standing(self) -> None:
        """Nobody is told."""


def test_a_node_that_joined_in_the_turn_in_which_it_is_to_stop_stops_as_one_that_serves() -> None:
    """It may lead already, and have started runs: these are not left without a word."""
    assert Beginning().begin(joins=True) == [signal.SIGTERM]


def test_a_node_that_has_not_joined_stops_at_once() -> None:
    """Nothing was started."""
    with pytest.raises(StoppedBeforeItServed):
        Beginning().begin(joins=False)
