from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.support.cluster.gate import Gate


class _Echo:
    """A server that gives back what it is sent, a word before it."""

    def __init__(self, word: bytes) -> None:
        self._word = word
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while taken := connection.recv(100):
                connection.sendall(self._word + taken)

    def end(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[_Echo]:
    """A server."""
    server = _Echo(b"a:")
    yield server
    server.end()


@pytest.fixture
def gate(echo: _Echo) -> Iterator[Gate]:
    """A gate before it."""
    with Gate(echo.address) as gate:
        yield gate


def connected(gate: Gate) -> socket.socket:
    """A connection through a gate."""
    return socket.create_connection(("127.0.0.1", gate.port), timeout=60)


def test_an_open_gate_lets_bytes_through_both_ways(gate: Gate) -> None:
    """What is sent comes to the server, and its answer comes back; a megabyte too."""
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
    other = _Echo(b"b:")
    with connected(gate) as near:
        near.sendall(b"one")
        assert near.recv(100) == b"a:one"
        gate.lead_to(other.address)
        assert near.recv(100) == b""
    with connected(gate) as near:
        near.sendall(b"two")
        assert near.recv(100) == b"b:two"
    other.end()
