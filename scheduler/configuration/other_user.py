"""Whether a job can run as another user: what more than the key itself decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scheduler.configuration.model import ConfigLint, Place
from scheduler.configuration.yaml_tree.problems import Problems
from scheduler.configuration.yaml_tree.tree import Node, Scalar

NOT_ROOTS = (
    "only root can start a job as another user, and this home is not root's: run_as is for homes that root owns, "
    "with a scheduler that root starts; without it, jobs run as the owner of the home"
)
"""Whoever reads the config: what counts is who will run it."""
_AS_SCHEDULER = "a job in Python runs as the scheduler's user"
_PYTHON = (
    f"run_as is for commands: {_AS_SCHEDULER}, whose folders hold its code, its state and its result; "
    "what has to run as another user is a command, such as `command: python3 /opt/report.py`"
)


class UserCheck:
    """Checks `run_as` of jobs and of defaults.

    Args:
        problems: where mistakes are noted; remarks: where what is legal and surprising is.
        root_owns: whether root owns the home.
    """

    def __init__(self, problems: Problems, remarks: list[ConfigLint], root_owns: Callable[[], bool]) -> None:
        self._problems, self._remarks, self._root_owns = problems, remarks, root_owns

    def written(self, written: str, node: Node, key: str, job: str = "") -> None:
        """What is written in a job, or in defaults: root's home, and a user and a group that there are."""
        from scheduler.processes.confinement.accounts import unknown

        if not self._root_owns():
            self._problems.add(node, NOT_ROOTS, key=key)
        elif why := unknown(written):
            place = Place(node.mark.line + 1, node.mark.column + 1)
            self._remarks.append(ConfigLint(*place, job, "unknown-user", f"{why}: a run would fail"))

    def job(
        self,
        key: Scalar,
        entries: Mapping[str, tuple[Scalar, Node]],
        own: Mapping[str, Any],
        inherited: str | None,
    ) -> None:
        """Of a job, what it says itself, and whether what it runs can be run so.

        Args:
            key: its name; entries: its body; own: the members that it sets; inherited: what defaults say.
        """
        written = own.get("run_as", inherited)
        if written is None:
            return
        where = entries["run_as"][1] if "run_as" in entries else key
        path = f"jobs.{key.text}.run_as"
        if "python" in own:
            of_defaults = f"run_as of defaults ({written}) is for commands, and {_AS_SCHEDULER}"
            said = _PYTHON if "run_as" in entries else f"{of_defaults}: write run_as: none here"
            self._problems.add(where, said, key=path)
        elif "run_as" in entries and "command" not in entries:
            self._problems.add(
                where, "a job without a command cleans cronledger's own folders, as their owner", key=path
            )
        elif "run_as" in entries:
            self.written(written, where, path, key.text)
