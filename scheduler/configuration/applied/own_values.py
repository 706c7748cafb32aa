"""What a machine has of its own where the text of an applied config has digests: the values, from its own config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from eventstore.regular_file import read_regular
from scheduler.configuration.applied.applied_text import tree_of_files
from scheduler.configuration.applied.withheld import Withheld, withheld_in
from scheduler.configuration.errors import ConfigMissing, ConfigUnreadable
from scheduler.configuration.files.joined import ConfigFile
from scheduler.configuration.files.read_files import read_files
from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.variables.kept_environments import kept_environments
from scheduler.home import Home

_BYTES_MAX: Final = 16 * 1024 * 1024


class OwnValues(NamedTuple):
    """The values of a home.

    Attributes:
        by_digest: each by its digest, as the text of an applied config has it.
        salt: with which those are made.
        written: by job (empty: for all of them), the names of the variables that the home's config has now.
    """

    by_digest: Mapping[str, str]
    salt: bytes
    written: Mapping[str, frozenset[str]]

    def environment(self, digests: Mapping[str, str]) -> dict[str, str] | None:
        """The values of a definition's environment; None if one of them is not here."""
        found = {name: self.by_digest.get(digest) for name, digest in digests.items()}
        known = {name: value for name, value in found.items() if value is not None}
        return known if len(known) == len(found) else None

    def is_written(self, job: str, name: str) -> bool:
        """Whether the home's config gives the job a variable of this name, with whatever value."""
        return name in self.written.get(job, ()) or name in self.written.get("", ())


def own_values(home: Home, salt: bytes) -> OwnValues:
    """The values that a home has: in its config as it is now, and of what was in force until now.

    The latter are there so that an edit which is not applied yet takes nothing away. A config that is no YAML has no
    values.
    """
    now = list(_written_now(home))
    until_now = [*_in_force(home), *_environments_in_force(home)]
    by_digest = {env_digest(name, value, salt): value for _, name, value in [*until_now, *now]}
    written: dict[str, set[str]] = {}
    for path, name, _ in now:
        if path[0] in ("defaults", "jobs"):
            written.setdefault(path[1] if path[0] == "jobs" else "", set()).add(name)
    return OwnValues(by_digest, salt, {job: frozenset(names) for job, names in written.items()})


def _written_now(home: Home) -> Iterable[Withheld]:
    """Those of the home's config."""
    try:
        files = read_files(home.config, home.root).files
    except (ConfigMissing, ConfigUnreadable):
        return []
    top = tree_of_files(files)
    return [] if top is None else withheld_in(top)


def _in_force(home: Home) -> Iterable[Withheld]:
    """Addresses and headers of the config that is in force."""
    try:
        raw = read_regular(home.config_in_force, _BYTES_MAX)
    except OSError:
        return []
    top = tree_of_files([ConfigFile("", raw)])
    return [] if top is None else withheld_in(top)


def _environments_in_force(home: Home) -> Iterable[Withheld]:
    for kept in kept_environments(home.environments):
        for name, value in kept.env.items():
            yield Withheld(("jobs", kept.job, "env", name), name, value)
