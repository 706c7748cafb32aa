"""What `/proc` and `ps` show of this process: the memory in which it was given its arguments and its environment.

The kernel shows that memory as it is, not what a process has made of its environment since. A forked process has that
of the process which forked it, so it writes there what it is.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class _Place(NamedTuple):
    address: int
    size_bytes: int

    def fill(self, content: bytes) -> None:
        """Write there; what does not fit is left out, and a NUL ends it."""
        ctypes.memmove(
            self.address, content[: self.size_bytes - 1].ljust(self.size_bytes, b"\0"), self.size_bytes
        )


class ProcessImage:
    """The places of the arguments and of one variable.

    Args:
        variable: its name; its value is as long as the room that is wanted there.

    Raises:
        OSError, ValueError: they are not to be found.
    """

    def __init__(self, variable: str) -> None:
        with open("/proc/self/stat", "rb") as source:
            fields = source.read().rpartition(b")")[2].split()
        # proc_pid_stat(5) counts from 1, and the first two fields are cut off: 48 to 51.
        begin, end, environment, environment_end = map(int, fields[45:49])
        with open("/proc/self/environ", "rb") as source:
            variables = source.read()
        at = (
            0
            if variables.startswith(f"{variable}=".encode())
            else variables.index(f"\0{variable}=".encode()) + 1
        )
        size_bytes = variables.index(b"\0", at) + 1 - at
        if not begin < end or environment + at + size_bytes > environment_end:
            raise ValueError("the kernel does not say where the arguments and the environment stand")
        self._arguments = _Place(begin, end - begin)
        self._room = _Place(environment + at, size_bytes)

    def show(self, command: str, variables: Mapping[str, str], names: Sequence[str]) -> None:
        """Have this process shown as a command, and with these variables among those of its environment."""
        shown = [f"{name}={variables[name]}\0" for name in names if name in variables]
        self._room.fill("".join(shown).encode())
        self._arguments.fill(command.encode())
