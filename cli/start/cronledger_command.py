"""Where the command `cronledger` begins: it takes its own modules and no others, whatever the surroundings say.

Its packages have plain names (`cli`, `scheduler`). A `PYTHONPATH`, or a file beside the script, could put others of
these names before them, and their code would run as whoever called the command. So nothing but what is installed is
left on the path before anything of ours is imported. Nothing is imported above for the same reason.
Once installed, this module stands beside the packages.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys

_PACKAGES = ("cli", "eventstore", "projections", "scheduler")
_COLLECTED_AFTER_OBJECTS = 50_000
"""Nearly all that a command makes stays until it ends: to look through it for garbage, again and again while modules
are imported, took a tenth of the time of a short one."""
_LASTING = frozenset({"serve", "console"})
"""The commands that last. An argument that is such a word is taken for one: that costs its start a little."""


def main() -> None:
    """Run the command, or say why its own modules cannot be had; leaves with an exit code."""
    gc.set_threshold(_COLLECTED_AFTER_OBJECTS)
    environ = dict(os.environ)
    here = _packages_folder()
    _isolate(here)
    stranger = _stranger(here)
    if stranger:
        sys.stderr.write(
            f"error: {stranger} stands before cronledger's own module of that name: nothing was run\n"
            "       Remove it from where Python looks first, or install cronledger into an environment of its own.\n"
        )
        sys.exit(2)
    from cli.own_modules import find_own_modules

    find_own_modules(here, _PACKAGES)
    if not _LASTING.isdisjoint(sys.argv[1:]):
        from cli.huge_pages import begin_with_huge_pages

        begin_with_huge_pages(environ)
    from cli.main import main as run

    leaving = Leaving()
    try:
        run()
    except SystemExit as left:
        leaving.exit_code = left.code
        raise


class Leaving:
    """Ends the process when all else is done, without taking apart what the kernel takes back anyway.

    That would be a fiftieth of a short command. Python calls whoever asked first to be called at the end last, after
    it has waited for threads.

    Attributes:
        exit_code: what the command ended with; None until it has: then Python ends the process in its own way.
    """

    def __init__(self) -> None:
        self.exit_code: object = None
        atexit.register(self._leave)

    def _leave(self) -> None:
        if not isinstance(self.exit_code, int):
            return
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except (OSError, ValueError):
            return  # Python says that output was lost, and with which exit code
        os._exit(self.exit_code)


def _packages_folder() -> str:
    """Where our packages are: beside this module once it is installed, above it in the project's own folder."""
    here = os.path.dirname(os.path.abspath(__file__))
    above = os.path.dirname(here)
    return os.path.dirname(above) if os.path.basename(above) == "cli" else here


def _isolate(here: str) -> None:
    """Take from the path what the environment put there, and the folder that Python takes the script's to be."""
    added = {os.path.abspath(folder) for folder in os.environ.pop("PYTHONPATH", "").split(os.pathsep)}
    if not getattr(sys.flags, "safe_path", False) and sys.path:
        added.add(os.path.abspath(sys.path[0]))
    sys.path[:] = [
        each for each in sys.path if os.path.abspath(each) == here or os.path.abspath(each) not in added
    ]


def _stranger(here: str) -> str:
    """The file of another module that would be taken for one of ours; empty if there is none."""
    for name in _PACKAGES:
        finds = (finder.find_spec(name, None) for finder in sys.meta_path)
        found = next((spec for spec in finds if spec is not None), None)
        place = None if found is None else found.origin
        if place is None or os.path.dirname(os.path.dirname(os.path.abspath(place))) != here:
            return place or name
    return ""
