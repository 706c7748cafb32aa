from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.support.cluster.gate import Gate
from tests.support.rude_server import RudeServer, echoes


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate before a server."""
    with RudeServer(echoes(b"a:")) as server, Gate(("127.0.0.1", server.port)) as gate:
        yield gate


def connected(gate: Gate) -> socket.socket:
    """A connection through a gate."""
    return socket.create_connection(("127.0.0.1", gate.port), timeout=60)


def test_an_open_gate_lets_bytes_through_both_ways(gate: Gate) -> None:
    """What is sent comes to the server, and its answer comes back."""
    with connected(gate) as near:
        near.sendall(b"one")
        assert near.recv(100) == b"a:one"


def test_a_closed_gate_holds_back_and_an_opened_one_delivers(gate: Gate) -> None:
    """While it is closed nothing comes and nobody is told; then what waited is delivered."""
    with connected(gate) as near:
        near.sendall(b"one")
        assert near.recv(100) == b"a:one"
        gate.close()
        near.sendall(b"two")
        near.settimeout(0.2)
        with pytest.raises(TimeoutError):
            near.recv(100)
        near.settimeout(60)
        gate.open()
        assert near.recv(100) == b"a:two"


def test_a_gate_that_refuses_ends_connections(gate: Gate) -> None:
    """Those that are there end, new ones end at once; after that it lets through again."""
    with connected(gate) as near:
        near.sendall(b"one")
        assert near.recv(100) == b"a:one"
        gate.refuse()
        assert near.recv(100) == b""
    with connected(gate) as near:
        assert near.recv(100) == b""
    gate.open()
    with connected(gate) as near:
        near.sendall(b"two")
        assert near.recv(100) == b"a:two"


def test_a_gate_can_lead_elsewhere(gate: Gate) -> None:
    """Connections end, and new ones come to another server."""
    with RudeServer(echoes(b"b:")) as other:
        with connected(gate) as near:
            near.sendall(b"one")
            assert near.recv(100) == b"a:one"
            gate.lead_to(("127.0.0.1", other.port))
            assert near.recv(100) == b""
        with connected(gate) as near:
            near.sendall(b"two")
            assert near.recv(100) == b"b:two"
