"""The ways from nodes to servers, and how a hunt cuts them: gates, or networks of the kernel's own.

Gates are there wherever tests run. Behind a cut gate a new connection still comes about, and hangs; in a namespace
that is cut off not even that does. So the second kind finds what the first cannot, and needs root and `ip`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Protocol

from tests.support.cluster.gate import Gate
from tests.support.postgresql import WRITER, Server


class Network(Protocol):
    """How nodes reach servers."""

    def serve(self, server: Server) -> None:
        """Make a server, which does not run yet, one that nodes reach."""
        ...

    def store(self, node: str, database: str) -> str:
        """The address of a database for a node: all servers, one after the other."""
        ...

    def inside(self, node: str) -> Sequence[str]:
        """The words before a command that is to run where a node is."""
        ...

    def cut(self, node: str) -> None:
        """Let nothing through between a node and any server."""
        ...

    def join(self, node: str) -> None:
        """Let everything through again."""
        ...

    def close(self) -> None:
        """Take it down."""
        ...


class Gates:
    """A gate of its own for each node before each server."""

    def __init__(self) -> None:
        self._servers: list[Server] = []
        self._gates: dict[str, list[Gate]] = {}

    def serve(self, server: Server) -> None:
        """Make a server one that nodes reach."""
        self._servers.append(server)

    def store(self, node: str, database: str) -> str:
        """The address of a database for a node."""
        gates = self._gates.setdefault(node, [Gate(server.socket) for server in self._servers])
        return _address([f"127.0.0.1:{gate.port}" for gate in gates], database)

    def inside(self, node: str) -> Sequence[str]:
        """Nothing: all are on this machine's own network."""
        del node
        return ()

    def cut(self, node: str) -> None:
        """Close a node's gates."""
        for gate in self._gates[node]:
            gate.close()

    def join(self, node: str) -> None:
        """Open them."""
        for gate in self._gates[node]:
            gate.open()

    def close(self) -> None:
        """End all gates."""
        for gate in (gate for gates in self._gates.values() for gate in gates):
            gate.end()


class Namespaces:
    """A namespace for each node, and a bridge on which the servers listen; who is cut off loses its packets."""

    def __init__(self, nodes: Sequence[str]) -> None:
        self._mark = f"cl{os.getpid() % 100_000}"
        self._subnet = f"10.{60 + os.getpid() // 250 % 60}.{os.getpid() % 250}"
        self._servers = 0
        self._nodes = list(nodes)
        self._drops = shutil.which("iptables") is not None
        _ip("link", "add", self._mark, "type", "bridge")
        _ip("link", "set", self._mark, "up")
        for number, node in enumerate(nodes):
            there, near, far = self._namespace(node), f"{self._mark}-{number}", f"{self._mark}.{number}"
            _ip("netns", "add", there)
            _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", there)
            _ip("link", "set", near, "master", self._mark, "up")
            _ip("-n", there, "address", "add", f"{self._subnet}.{100 + number}/24", "dev", far)
            _ip("-n", there, "link", "set", far, "up")
            _ip("-n", there, "link", "set", "lo", "up")

    @staticmethod
    def why_not() -> str | None:
        """Why there can be none here; None if there can."""
        if os.getuid() != 0:
            return "namespaces take root"
        if shutil.which("ip") is None:
            return "`ip` is not installed (Debian: apt install iproute2)"
        made = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
        return None if made.returncode == 0 else made.stderr.strip()

    def serve(self, server: Server) -> None:
        """Give a server an address of its own on the bridge."""
        self._servers += 1
        address = f"{self._subnet}.{self._servers}"
        _ip("address", "add", f"{address}/24", "dev", self._mark)
        server.settings["listen_addresses"] = address
        if server.data.exists():
            rules = (
                "local all all trust",
                "local replication all trust",
                f"host all all {self._subnet}.0/24 trust",
            )
            server.allow(*rules)

    def store(self, node: str, database: str) -> str:
        """The address of a database, the same for all nodes."""
        del node
        places = [f"{self._subnet}.{number + 1}:{Server.PORT}" for number in range(self._servers)]
        return _address(places, database)

    def inside(self, node: str) -> Sequence[str]:
        """Run in the node's namespace."""
        return "ip", "netns", "exec", self._namespace(node)

    def cut(self, node: str) -> None:
        """Drop what the node sends and what is sent to it; without iptables, unplug it."""
        if not self._drops:
            _ip("link", "set", f"{self._mark}-{self._nodes.index(node)}", "down")
            return
        for chain, way in (("INPUT", "-i"), ("OUTPUT", "-o")):
            _run(*self.inside(node), "iptables", "-I", chain, "!", way, "lo", "-j", "DROP")

    def join(self, node: str) -> None:
        """Let everything through again."""
        if not self._drops:
            _ip("link", "set", f"{self._mark}-{self._nodes.index(node)}", "up")
            return
        _run(*self.inside(node), "iptables", "-F")

    def close(self) -> None:
        """Remove namespaces and bridge; what still runs in a namespace keeps it until it ends."""
        for node in self._nodes:
            _ip("netns", "delete", self._namespace(node))
        _ip("link", "delete", self._mark)

    def _namespace(self, node: str) -> str:
        return f"{self._mark}-{node}"


def _address(places: Sequence[str], database: str) -> str:
    return f"postgresql://{WRITER}@{','.join(places)}/{database}"


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
