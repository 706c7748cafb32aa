"""Which jobs a node cannot run, because what it has of its own is not what was applied, or is missing."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from typing import Final

from scheduler.configuration.applied.applied_text import AppliedText, salt_mark
from scheduler.configuration.applied.extension_code import code_digest
from scheduler.configuration.applied.own_values import OwnValues
from scheduler.configuration.variables import parameters, secret_values
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.python_jobs.targets import file_of
from scheduler.rules.nodes.nodes_state import ALL_JOBS
from scheduler.shortening import shortened

REASON_CHARS_MAX: Final = 300
_SHORT_CHARS_MAX: Final = 60
_BYTES_MAX: Final = 40_000
"""So much of the reasons is recorded: an entry of the ledger is one line of bounded length."""


def recorded_unfit(unfit: Mapping[str, str]) -> dict[str, str]:
    """The same as it is recorded: reasons shortened, where there are many; or one that stands for all jobs."""
    for chars_max in (REASON_CHARS_MAX, _SHORT_CHARS_MAX):
        found = {name: shortened(reason, chars_max) for name, reason in sorted(unfit.items())}
        if len(json.dumps(found)) <= _BYTES_MAX:
            return found
    first = min(unfit)
    return {
        ALL_JOBS: f"{len(unfit):,} jobs cannot run here, such as {first}: {unfit[first]}"[:REASON_CHARS_MAX]
    }


class Fitness:
    """Looks at one node; what several jobs share is looked at once.

    Args:
        home: of the node.
        applied: the config in force; None: none was applied yet.
        values: those that the node has.
        environ: of the process that starts runs.
    """

    def __init__(
        self, home: Home, applied: AppliedText | None, values: OwnValues, environ: Mapping[str, str]
    ) -> None:
        self._home, self._applied, self._values, self._environ = home, applied, values, environ
        self._code: dict[str, str] = {}
        self._modules: dict[str, bool] = {}

    def unfit(self, definitions: Mapping[str, JobDefinition]) -> dict[str, str]:
        """The jobs that cannot run here, each with the reason, in words that follow "because"."""
        found = {name: self._reason(each) for name, each in definitions.items()}
        return {name: reason for name, reason in found.items() if reason}

    def _reason(self, definition: JobDefinition) -> str:
        return (
            self._environment_reason(definition)
            or self._secrets_reason(definition)
            or self._code_reason(definition)
            or self._user_reason(definition)
        )

    def _environment_reason(self, definition: JobDefinition) -> str:
        missing = [name for name, digest in definition.env.items() if digest not in self._values.by_digest]
        if not missing:
            return ""
        mark = "" if self._applied is None else self._applied.salt
        if mark and mark != salt_mark(self._values.salt):
            return (
                f"its env cannot be compared: {self._home.var / 'salt'} is another one than where the config was "
                "applied; copy it from there"
            )
        name = missing[0]
        written = self._values.is_written(definition.name, name)
        return f"its env {name} {'differs from what was applied' if written else 'is not in the config here'}"

    def _secrets_reason(self, definition: JobDefinition) -> str:
        root = str(self._home.root)
        try:
            secret_values.environment(definition, root, self._environ)
            for name, parameter in definition.params.items():
                if parameter.secret:
                    parameters.secret_value(name, parameter, root, self._environ)
        except OSError as problem:
            return problem.strerror or str(problem)
        return ""

    def _code_reason(self, definition: JobDefinition) -> str:
        if definition.python is None:
            return ""
        file = file_of(definition.python)
        if file is None:
            package = definition.python.partition(":")[0].partition(".")[0]
            return "" if self._has_module(package) else f"the package {package} is not installed here"
        if file not in self._code:
            self._code[file] = self._problem_of(file)
        return self._code[file]

    def _problem_of(self, file: str) -> str:
        if not (self._home.root / file).is_file():
            return f"{file} is missing"
        applied = None if self._applied is None else self._applied.extensions.get(file)
        try:
            here = code_digest(self._home, file)
        except OSError as problem:
            return f"{file} cannot be read: {problem.strerror or problem}"
        if applied is not None and here != applied:
            return f"the code in {file.rpartition('/')[0]} differs from what was applied"
        return ""

    def _has_module(self, package: str) -> bool:
        if package not in self._modules:
            try:
                self._modules[package] = importlib.util.find_spec(package) is not None
            except (ImportError, ValueError):
                self._modules[package] = False
        return self._modules[package]

    def _user_reason(self, definition: JobDefinition) -> str:
        if definition.run_as is None:
            return ""
        from scheduler.processes.confinement.accounts import account_of

        try:
            account_of(definition.run_as)
        except OSError as problem:
            return problem.strerror or str(problem)
        return ""
