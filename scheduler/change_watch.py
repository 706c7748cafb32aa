"""The kernel's notice (inotify(7)) that files have changed, or folders in which they are."""

from __future__ import annotations

import contextlib
import os
import selectors
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from inotify_simple import INotify

MODIFIED: Final = 0x2
"""A file was written (`IN_MODIFY`)."""
CREATED: Final = 0x100
"""A name came into a folder (`IN_CREATE`)."""
_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
_EVENTS_BYTES: Final = 65_536


class Change(NamedTuple):
    """Something that happened.

    Attributes:
        number: of the watch.
        name: of the file in the folder that is watched; empty where a file itself is.
        overflow: there were more than the kernel keeps: anything may have changed.
        ended: there will be no more of this watch: what it watched is gone, or it was removed.
    """

    number: int
    name: str
    overflow: bool
    ended: bool


class ChangeWatch:
    """What is watched, and a place in its owner's selector that wakes the owner up when it changes.

    Args:
        selector: the owner waits on it; after a wait it calls `drain` or `changes`.

    Attributes:
        fd: what is registered in the selector; -1 if it does not work, or nobody has wanted it to yet.
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self.fd = -1
        self._inotify: INotify | None = None
        self._was_begun = False

    @property
    def works(self) -> bool:
        """Whether the kernel tells.

        If not (it has no inotify, or this user watches too much), the owner looks by itself now and then.
        """
        if not self._was_begun:
            self._begin()
        return self._inotify is not None

    def _begin(self) -> None:
        """Ask the kernel, once there is something to watch: what speaks with it takes a tenth of a short command."""
        self._was_begun = True
        with contextlib.suppress(ImportError, OSError):
            import inotify_simple

            inotify_simple.find_library = _as_loaded
            inotify = inotify_simple.INotify(nonblocking=True)
            try:
                self._selector.register(inotify.fileno(), selectors.EVENT_READ)
            except OSError:
                inotify.close()
                raise
            self._inotify, self.fd = inotify, inotify.fileno()

    def add(self, path: Path, what: int) -> int | None:
        """Watch one more file or folder.

        Args:
            path: the file or folder.
            what: `MODIFIED`, `CREATED` or both.

        Returns:
            The number of the watch; None if it does not work, from now on.

        Raises:
            FileNotFoundError: there is no such file or folder.
        """
        if not self.works or self._inotify is None:
            return None
        try:
            return int(self._inotify.add_watch(path, what))
        except FileNotFoundError:
            raise
        except OSError:
            # Too many watches for this user.
            self.close()
            return None

    def remove(self, number: int) -> None:
        """Watch something no longer."""
        if self._inotify is not None:
            with contextlib.suppress(OSError):
                self._inotify.rm_watch(number)

    def changes(self) -> list[Change]:
        """What has happened since the last call; does not wait."""
        if self._inotify is None:
            return []
        return [
            Change(event.wd, event.name, bool(event.mask & _OVERFLOW), bool(event.mask & _IGNORED))
            for event in self._inotify.read(timeout=0)
        ]

    def drain(self) -> None:
        """Forget what has happened so far."""
        if self._inotify is not None:
            with contextlib.suppress(OSError):  # what is left there wakes the owner again
                os.read(self.fd, _EVENTS_BYTES)

    def close(self) -> None:
        """Stop watching. Calling it again does nothing."""
        self._was_begun = True
        if self._inotify is not None:
            self._selector.unregister(self.fd)
            self._inotify.close()
            self._inotify, self.fd = None, -1


def _as_loaded(name: str) -> None:
    """Where the C library is: in this process. To look for it would run `ldconfig`, or else a compiler, each time."""
    del name
