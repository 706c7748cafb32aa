"""The whole config: from the trees of its files to what it says, or to the list of all its mistakes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.files.config_tree import collector_paused, tree_of
from scheduler.configuration.files.joined import ConfigFile, joined
from scheduler.configuration.job import Block, ReadingContext, check_calendars, read_block, read_job
from scheduler.configuration.keys import values
from scheduler.configuration.keys.block_values.notify import check_channels
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.table import DEFAULTS_KEYS
from scheduler.configuration.literal_text import literal_lints, may_be_misread
from scheduler.configuration.lock_lints import lock_lints
from scheduler.configuration.model import Config, ConfigLint, ConfiguredJob, Place, SlowParts
from scheduler.configuration.other_user import UserCheck
from scheduler.configuration.timing import Timings
from scheduler.configuration.upstreams import check_upstreams
from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.yaml_tree.problems import (
    InvalidValue,
    Placed,
    Problems,
    TooManyMistakes,
    file_of,
)
from scheduler.configuration.yaml_tree.tree import InvalidYaml, Mapping, Node, Scalar
from scheduler.definition import SchedulerSettings
from scheduler.evidence.settings import LedgerSettings
from scheduler.home import Home
from scheduler.ownership.home_owner import owner_or_self

if TYPE_CHECKING:
    from scheduler.configuration.job_kinds.custom_jobs import CustomJobs
    from scheduler.notifications.settings import Channel
    from scheduler.rules.nodes.node_settings import NodeSettings
    from scheduler.rules.reconcile import CalendarDefinition
    from scheduler.telemetry.settings import TelemetrySettings


T = TypeVar("T")

_ASKED_LATER: Final = frozenset(("after", "notify"))
"""The keys of a job that are looked at once all jobs are read."""


def read_config(
    files: Sequence[ConfigFile],
    path: Path,
    home: Path | None,
    registered: Collection[str],
    salt: bytes,
    now: datetime | None,
    slow: SlowParts,
) -> Config:
    """The config that its files hold, `config.yaml` first; see `scheduler.configuration.parse`."""
    digest = hashlib.sha256(joined(files)).hexdigest()
    problems = Problems()
    config: Config | None = None
    try:
        with collector_paused():
            texts, top = tree_of(files, problems)
            config = _read(texts, top, problems, path, digest, home, registered, salt, now, slow)
    except (InvalidYaml, TooManyMistakes):
        pass
    if problems or config is None:
        sources = {
            each.name: each.content.decode("utf-8", "replace").removeprefix("\ufeff") for each in files
        }
        raise ConfigInvalid(path, problems.listed(sources), digest, sources, problems.count)
    config.parts = tuple(each.name for each in files[1:])
    return config


def _read(
    texts: dict[str, str],
    top: Mapping,
    problems: Problems,
    path: Path,
    digest: str,
    home: Path | None,
    registered: Collection[str],
    salt: bytes,
    now: datetime | None,
    slow: SlowParts,
) -> Config:
    defaults = _block(top, "defaults", DEFAULTS_KEYS, problems, "defaults")
    settings = _block(top, "scheduler", SCHEDULER_KEYS, problems, "the scheduler block")
    ledger = _block(top, "ledger", LEDGER_KEYS, problems, "the ledger block")
    channels, nodes = _channels(top, problems), _nodes(top, problems)
    telemetry, telemetry_remarks = _telemetry(top, problems)
    calendars, calendar_files = _calendars(top, problems, path, home, slow)
    if defaults.values.get("calendars") is not None:
        where = values.mapping(top.entries["defaults"][1], "").entries["calendars"][1]
        check_calendars(defaults.values["calendars"], where, calendars, problems, "defaults.calendars")
    job_remarks: list[ConfigLint] = []
    root_owns = cache(lambda: home is None or owner_or_self(Home(home)) == 0)
    users = UserCheck(problems, job_remarks, root_owns)
    custom = None if home is None else cache(lambda: _custom_jobs(home, slow))
    context = ReadingContext(
        problems=problems,
        defaults=defaults,
        default_digests={
            name: env_digest(name, value, salt) for name, value in defaults.values.get("env", {}).items()
        },
        timings=Timings(texts, problems),
        registered=registered,
        calendars=calendars,
        salt=salt,
        home=None if home is None else Home(home),
        users=users,
        custom=custom,
        remarks=job_remarks,
    )
    if (run_as := defaults.values.get("run_as")) is not None:
        where = values.mapping(top.entries["defaults"][1], "").entries["run_as"][1]
        users.written(run_as, where, "defaults.run_as")
    written = _jobs(top, problems).entries
    jobs = _read_jobs(written, context, let_go=not any(map(may_be_misread, texts.values())))
    check_upstreams(written, problems)
    check_channels(top.entries.get("defaults"), written, channels, problems)
    remarks = [] if jobs else [_no_jobs(top)]
    remarks += job_remarks
    remarks += _literal_lints(texts.values(), top, jobs, problems)
    found = _settings(settings.values)
    remarks += [*lock_lints(jobs, found.locks), *telemetry_remarks]
    config = Config(
        path, digest, jobs, found, remarks, now, _right(calendars), calendar_files,
        ledger=LedgerSettings(**ledger.values), channels=_right(channels),
        nodes=_right(nodes), nodes_place=_place_of(top, "nodes"), telemetry=telemetry,
    )  # fmt: skip
    asked = [each for each in (root_owns, custom) if each is not None and each.cache_info().currsize]
    config.is_self_contained = not (asked or calendar_files or _cleans_folders(config, registered))
    return config


def _read_jobs(
    written: dict[str, tuple[Scalar, Node]], context: ReadingContext, *, let_go: bool
) -> dict[str, ConfiguredJob]:
    """The jobs that are right.

    Of ten thousand the trees take more memory than all else: with `let_go` those go that nobody asks any more.
    """
    jobs: dict[str, ConfiguredJob] = {}
    for name, (key, node) in written.items():
        job = read_job(key, node, context)
        if job is not None:
            jobs[name] = job
            if let_go and isinstance(node, Mapping) and _ASKED_LATER.isdisjoint(node.entries):
                written[name] = (key, key)
    return jobs


def _cleans_folders(config: Config, registered: Collection[str]) -> bool:
    """Whether jobs clean further folders: links decide whether those are cronledger's own."""
    return any(config.jobs[name].definition.directories for name in registered if name in config.jobs)


def _right(read: dict[str, T | None]) -> dict[str, T]:
    """Those in which nothing is wrong."""
    return {name: each for name, each in read.items() if each is not None}


def _channels(top: Mapping, problems: Problems) -> dict[str, Channel | None]:
    """The channels by name, None for one that is wrong."""
    if "channels" not in top.entries:
        return {}
    from scheduler.configuration.named_blocks.channels import read_channels

    return read_channels(top.entries["channels"][1], problems)


def _nodes(top: Mapping, problems: Problems) -> dict[str, NodeSettings | None]:
    """The nodes by name, None for one that is wrong."""
    if "nodes" not in top.entries:
        return {}
    from scheduler.configuration.named_blocks.nodes import read_nodes

    return read_nodes(top.entries["nodes"][1], problems)


def _telemetry(top: Mapping, problems: Problems) -> tuple[TelemetrySettings | None, list[ConfigLint]]:
    """The telemetry block, None if there is none, and what is to be said of it."""
    if "telemetry" not in top.entries:
        return None, []
    from scheduler.configuration.keys.block_values.telemetry import TELEMETRY_KEYS
    from scheduler.configuration.remarks.missing_telemetry import telemetry_lints
    from scheduler.telemetry.settings import TelemetrySettings

    block = _block(top, "telemetry", TELEMETRY_KEYS, problems, "the telemetry block")
    found = TelemetrySettings(**block.values)
    return found, list(telemetry_lints(found, _place_of(top, "telemetry")))


def _calendars(
    top: Mapping, problems: Problems, path: Path, home: Path | None, slow: SlowParts
) -> tuple[dict[str, CalendarDefinition | None], list[Path]]:
    """The calendars by name, None for one that is wrong, and the files that they were read from."""
    if "calendars" not in top.entries:
        return {}, []
    from scheduler.configuration.calendars.calendars import read_calendars

    return read_calendars(top.entries["calendars"][1], problems, path, home, slow)


def _custom_jobs(home: Path, slow: SlowParts) -> CustomJobs:
    from scheduler.configuration.job_kinds.custom_jobs import CustomJobs

    return CustomJobs(home, slow)


def _literal_lints(
    texts: Iterable[str], top: Mapping, jobs: Collection[str], problems: Problems
) -> Iterator[ConfigLint]:
    """Of the defaults and of each job that is right."""
    if not any(map(may_be_misread, texts)):
        return
    blocks = {name: node for name, (_, node) in _jobs(top, problems).entries.items() if name in jobs}
    if "defaults" in top.entries:
        blocks = {"": top.entries["defaults"][1], **blocks}
    for name, node in blocks.items():
        if isinstance(node, Mapping):
            yield from literal_lints(name, node)


def _settings(written: dict[str, Any]) -> SchedulerSettings:
    """The scheduler's settings; what nobody wrote and what depends on the machine is taken from the machine."""
    found = {key.member: key.fill() for key in SCHEDULER_KEYS.values() if key.fill}
    return SchedulerSettings(**{**found, **written})


def _jobs(top: Mapping, problems: Problems) -> Mapping:
    entry = top.entries.get("jobs")
    if entry is None:
        return Mapping(top.mark)
    try:
        return values.mapping(entry[1], "a mapping from the name of each job to its keys, such as `backup:`")
    except InvalidValue as invalid:
        problems.take(invalid, entry[1], "jobs")
        return Mapping(top.mark)


def _block(top: Mapping, word: str, known: dict[str, Key], problems: Problems, where: str) -> Block:
    """One of the blocks beside the jobs; what is wrong in it is left out."""
    entry = top.entries.get(word)
    if entry is None:
        return Block({}, {})
    try:
        node = values.mapping(entry[1], f"a mapping of {', '.join(known)}")
    except InvalidValue as invalid:
        problems.take(invalid, entry[1], word)
        return Block({}, {})
    return read_block(node, known, problems, word, where)


def _no_jobs(top: Mapping) -> ConfigLint:
    where: Placed = top.entries["jobs"][0] if "jobs" in top.entries else top
    message = "there are no jobs: nothing will run"
    return ConfigLint(*_place_of(top, "jobs"), "", "no-jobs", message, file_of(where))


def _place_of(top: Mapping, word: str) -> Place:
    """Where a block begins; where all begins, if there is none."""
    where: Placed = top.entries[word][0] if word in top.entries else top
    return Place(where.mark.line + 1, where.mark.column + 1)
