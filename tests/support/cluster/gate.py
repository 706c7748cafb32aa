"""A gate between a node and the database: a TCP proxy that a test closes, as a network that is cut closes.

A closed gate takes what comes and lets nothing through, in either direction; nobody is told, as where packets are
lost. What was taken goes on its way when it is opened. `lead_to` ends the connections, as a switch-over of an
address does.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from pathlib import Path
from typing import Self

Target = tuple[str, int] | Path
"""A host and its port, or the path of a socket on this machine."""
_CHUNK_BYTES = 1 << 16
_CONNECT_S = 5


class _Half:
    """One direction of a connection: what is read from `source` is written to `sink`."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source, self.sink = source, sink
        self.waiting = bytearray()
        self.ended = False


class Gate:
    """A port on this machine behind which a database stands.

    Attributes:
        port: where nodes connect, on 127.0.0.1.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._open = True
        self._refuses = False
        self._halves: dict[socket.socket, _Half] = {}
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._running = True
        self._thread = threading.Thread(target=self._forward, name=f"gate-{self.port}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def close(self) -> None:
        """Let nothing through from now on."""
        with self._lock:
            self._open = False
        self._wake.send(b"x")

    def open(self) -> None:
        """Let everything through again, what waited first."""
        with self._lock:
            self._open, self._refuses = True, False
        self._wake.send(b"x")

    def refuse(self) -> None:
        """End every connection, and each new one at once, until `open`."""
        with self._lock:
            self._refuses = True
            self._end_connections()
        self._wake.send(b"x")

    def lead_to(self, target: Target) -> None:
        """End every connection; the next ones lead elsewhere."""
        with self._lock:
            self._target = target
            self._end_connections()
        self._wake.send(b"x")

    def end(self) -> None:
        """Close the port and every connection."""
        self._running = False
        self._wake.send(b"x")
        self._thread.join()
        with self._lock:
            self._end_connections()
        self._selector.close()
        for each in (self._listener, self._wake, self._woken):
            each.close()

    def _forward(self) -> None:
        while self._running:
            ready = self._selector.select()
            with self._lock:
                for key, _ in ready:
                    if key.fileobj is self._woken:
                        self._woken.recv(_CHUNK_BYTES)
                        self._watch_all()
                    elif key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj in self._halves:
                        self._move(self._halves[key.fileobj])

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            near, _ = self._listener.accept()
            if self._refuses:
                near.close()
                return
            try:
                far = _connected(self._target)
            except OSError:
                near.close()
                return
            for one, other in ((near, far), (far, near)):
                one.setblocking(False)
                if one.family != socket.AF_UNIX:
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._halves[one] = _Half(one, other)
                self._selector.register(one, selectors.EVENT_READ)
            self._watch_all()

    def _move(self, half: _Half) -> None:
        """Take what came and pass on what may pass; each socket is watched for what it can do next."""
        other = self._halves[half.sink]
        try:
            if self._open and not half.ended and not half.waiting:
                with contextlib.suppress(BlockingIOError):
                    taken = half.source.recv(_CHUNK_BYTES)
                    half.waiting += taken
                    half.ended = not taken
            for each in (half, other):
                self._pass_on(each)
        except OSError:
            self._drop(half.source)
            return
        if self._open and half.ended and not half.waiting:
            self._drop(half.source)
            return
        self._watch(half.source)
        self._watch(half.sink)

    def _pass_on(self, half: _Half) -> None:
        if self._open and half.waiting:
            with contextlib.suppress(BlockingIOError):
                sent = half.sink.send(half.waiting)
                del half.waiting[:sent]

    def _watch_all(self) -> None:
        for each in list(self._halves):
            if each in self._halves:
                self._watch(each)

    def _watch(self, one: socket.socket) -> None:
        """Read a socket while its own bytes pass on, and write to it what waits; behind a closed gate do neither."""
        mine, theirs = self._halves[one], self._halves[self._halves[one].sink]
        events = 0
        if self._open:
            events |= 0 if mine.waiting or mine.ended else selectors.EVENT_READ
            events |= selectors.EVENT_WRITE if theirs.waiting else 0
        watched = self._selector.get_map().get(one)
        if events and watched is None:
            self._selector.register(one, events)
        elif events:
            self._selector.modify(one, events)
        elif watched is not None:
            self._selector.unregister(one)

    def _end_connections(self) -> None:
        for one in list(self._halves):
            self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        half = self._halves.get(one)
        if half is None:
            return
        for each in (half.source, half.sink):
            self._halves.pop(each, None)
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(each)
            each.close()


def _connected(target: Target) -> socket.socket:
    if not isinstance(target, Path):
        return socket.create_connection(target, timeout=_CONNECT_S)
    far = socket.socket(socket.AF_UNIX)
    try:
        far.connect(str(target))
    except OSError:
        far.close()
        raise
    return far
