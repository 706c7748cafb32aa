"""How the command comes by its own modules: with one look and one read for each.

It imports more than a hundred. For each, Python itself asks three finders, compares a folder with the list that it
keeps of it, tries each ending that a module can have, and makes a dozen system calls. But each of ours is where its
name says. What Python has compiled counts here as it does for Python: as long as the source has the time and the size
of that which was compiled (PEP 552). Whatever is otherwise is left to Python.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from marshal import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import CodeType

_BY_TIME = MAGIC_NUMBER + bytes(4)
"""How a compiled module begins that tells its source by time and size."""


def find_own_modules(folder: str, packages: Collection[str]) -> None:
    """From here on, have modules of ours found in a folder, before anybody else is asked.

    Args:
        folder: where the packages are.
        packages: their names.
    """
    if not (sys.flags.optimize or sys.pycache_prefix):  # these keep what is compiled elsewhere
        sys.meta_path.insert(0, _OwnModules(folder, packages))


class _OwnModules:
    """A finder of `sys.meta_path`; see `importlib.abc.MetaPathFinder`."""

    def __init__(self, folder: str, packages: Collection[str]) -> None:
        self._folder, self._packages = folder, packages

    def find_spec(self, name: str, _path: object, _target: object = None) -> ModuleSpec | None:
        """Where a module is; None if it is none of ours, or not there."""
        if name.partition(".")[0] not in self._packages:
            return None
        place = f"{self._folder}/{name.replace('.', '/')}"
        try:
            loader = _OwnModule(name, f"{place}.py")
        except OSError:
            try:
                loader = _OwnModule(name, f"{place}/__init__.py")
            except OSError:
                return None
        found = ModuleSpec(name, loader, origin=loader.path)
        found.submodule_search_locations = [place] if loader.path.endswith("/__init__.py") else None
        found.cached, found.has_location = loader.compiled, True
        return found


class _OwnModule(SourceFileLoader):
    """The loader of one module.

    Attributes:
        compiled: where Python keeps the module once it has compiled it.

    Raises:
        OSError: there is no such module.
    """

    def __init__(self, name: str, path: str) -> None:
        source = os.stat(path)
        super().__init__(name, path)
        folder, _, file = path.rpartition("/")
        self.compiled = f"{folder}/__pycache__/{file[:-3]}.{sys.implementation.cache_tag}.pyc"
        time_s, size_bytes = int(source.st_mtime) & 0xFFFF_FFFF, source.st_size & 0xFFFF_FFFF
        self._begins = _BY_TIME + time_s.to_bytes(4, "little") + size_bytes.to_bytes(4, "little")

    def get_code(self, fullname: str) -> CodeType | None:
        """The module as it was compiled, if that was from the source as it is; else Python compiles it."""
        try:
            fd = os.open(self.compiled, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return super().get_code(fullname)
        try:
            raw = os.read(fd, os.fstat(fd).st_size)
        finally:
            os.close(fd)
        if raw[: len(self._begins)] != self._begins:
            return super().get_code(fullname)
        code: CodeType = loads(memoryview(raw)[len(self._begins) :])  # noqa: S302 - as Python does, from the same file
        return code
