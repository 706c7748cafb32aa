"""One job: from its part of the tree to its definition, every mistake in it noted."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from collections.abc import Mapping as AbstractMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import structs

from scheduler.command import needs_shell
from scheduler.configuration.job_kinds.builtin_jobs import without_command
from scheduler.configuration.keys.block_values import expect
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.names import job_name
from scheduler.configuration.keys.placement import misplaced, unknown_key
from scheduler.configuration.keys.table import JOB_KEYS, MERGED_KEYS, filled
from scheduler.configuration.keys.values import mapping
from scheduler.configuration.model import ConfigLint, ConfiguredJob, KeyLines, Place
from scheduler.configuration.other_user import UserCheck
from scheduler.configuration.settings.job_settings import TIMING_KEYS
from scheduler.configuration.spelling import nearest
from scheduler.configuration.timing import Timings, is_at_reboot
from scheduler.configuration.upstreams import check_after
from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.yaml_tree.problems import InvalidValue, Problems, file_of
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar
from scheduler.definition import DEFINITION_BYTES_MAX, JobCalendars, JobDefinition, recorded_bytes
from scheduler.home import Home
from scheduler.schedule.cron.several import SEPARATOR

if TYPE_CHECKING:
    from scheduler.configuration.job_kinds.custom_jobs import CustomJobs, Found
    from scheduler.python_jobs.declarations import DeclaredJob
    from scheduler.rules.reconcile import CalendarDefinition


_NONE: Final[dict[str, Any]] = {}
"""What thousands of jobs do not have is one object: they are read, and never changed."""


class ReadingContext(NamedTuple):
    """What the reading of every job shares.

    Attributes:
        problems: Where mistakes are noted.
        defaults: The `defaults:` block.
        default_digests: Digests of the environment in `defaults:`.
        timings: The check of schedules.
        registered: Names of jobs that need no command.
        calendars: Those of the config, by name; None for one that is wrong.
        salt: For the digests of environments.
        home: Whose own folders nothing may clean; None if not known.
        users: The check of `run_as`.
        custom: The jobs in Python of the home, which nobody looks for before it is called; None without a home.
        remarks: What is found legal but surprising while a job is read is added here.
    """

    problems: Problems
    defaults: Block
    default_digests: dict[str, str]
    timings: Timings
    registered: Collection[str]
    calendars: AbstractMapping[str, CalendarDefinition | None]
    salt: bytes
    home: Home | None
    users: UserCheck
    custom: Callable[[], CustomJobs] | None = None
    remarks: list[ConfigLint] | None = None


def read_job(key: Scalar, node: Node, context: ReadingContext) -> ConfiguredJob | None:
    """The job, or None after noting all that is wrong with it."""
    problems = context.problems
    before = problems.noted
    name = key.text
    try:
        job_name(key)
    except InvalidValue as invalid:
        problems.take(invalid, key, f"jobs.{name}")
    try:
        body = mapping(node, "a mapping of the job's keys, such as schedule and command")
    except InvalidValue as invalid:
        problems.take(invalid, node, f"jobs.{name}")
        return None
    custom = _custom(name, body, context)
    if custom is not None and custom.job is not None:
        block = _python_block(key, body, custom.job, problems)
        if custom.problem and context.remarks is not None:
            told = f"{custom.problem}: a run of {name} would fail, and what it declares is read from the text"
            place = Place(key.mark.line + 1, key.mark.column + 1)
            context.remarks.append(ConfigLint(*place, name, "not-imported", told))
    else:
        block = read_block(body, JOB_KEYS, problems, f"jobs.{name}", "a job")
    _check_kind(key, body, block, context, custom)
    timing = {kind: body.entries[kind][1] for kind in TIMING_KEYS if kind in body.entries}
    if block.values.get("on_demand") is False:
        del timing["on_demand"]  # this says nothing
    _check_when(key, body, block, timing, context)
    _check_folders(body, block, context, f"jobs.{name}")
    _check_surroundings(key, body, block, context)
    for word, entry in MERGED_KEYS.items():
        if entry.member in block.values or entry.member in context.defaults.values:
            _merge(word, entry, body, block, context, f"jobs.{name}")
    if problems.noted != before:
        return None
    (when,) = timing.values() or [body.entries["after"][1]]
    place = Place(when.mark.line + 1, when.mark.column + 1)
    configured = _configured(name, block, context, place, file_of(key))
    size = recorded_bytes(configured.definition)
    if size > DEFINITION_BYTES_MAX:
        message = f"this job takes {size:,} bytes in the ledger, {DEFINITION_BYTES_MAX:,} is the most"
        problems.add(key, f"{message}: move what is long into a script", key=f"jobs.{name}")
        return None
    return configured


def _check_when(
    key: Scalar, body: Mapping, block: Block, timing: dict[str, Node], context: ReadingContext
) -> None:
    """Whether it is clear when a job runs, and its times come."""
    path = f"jobs.{key.text}"
    timezone = block.values.get("timezone") or context.defaults.values.get("timezone", "UTC")
    if "after" in body.entries:
        check_after(key, body, block.values.get("after"), timing, context.problems)
    if timing or not ("after" in body.entries or {"after", *TIMING_KEYS}.intersection(block.meant)):
        context.timings.check(timing, timezone, key, path)
    _check_jitter(key, body, block, timing, context)
    _check_calendars(body, block, timing, context, f"{path}.calendars")
    if "expect" in block.values and (fault := expect.unfit(block.values["expect"], timing)) is not None:
        context.problems.add(body.entries["expect"][1], fault[1], key=f"{path}.expect.{fault[0]}")


def _merge(word: str, entry: Key, body: Mapping, block: Block, context: ReadingContext, path: str) -> None:
    """Put the member's value in place of what was read of the block."""
    inherited = context.defaults.values.get(entry.member)
    own = block.values.get(entry.member, inherited)
    if own is None or entry.merge is None:
        return
    try:
        block.values[entry.member] = entry.merge(own, inherited)
    except InvalidValue as invalid:
        context.problems.take(
            invalid, body.entries[word][1] if word in body.entries else body, f"{path}.{word}"
        )


def _configured(name: str, block: Block, context: ReadingContext, when: Place, file: str) -> ConfiguredJob:
    inherited: dict[str, str] = context.defaults.values.get("env", _NONE)
    own: dict[str, str] = block.values.get("env", _NONE)
    digests = context.default_digests
    if own:
        digests = {**digests, **{each: env_digest(each, value, context.salt) for each, value in own.items()}}
    members = {"params": _NONE, "secrets": _NONE, **context.defaults.values, **block.values, "env": digests}
    command = members.get("command")
    if command is None and "python" not in members:
        members = {**filled(name), **members}
        members.pop("run_as", None)  # that of defaults: what cleans cronledger's own folders is its owner
    elif isinstance(command, str):
        members["shell"] = needs_shell(command)
    expressions = members.get("schedule")
    if isinstance(expressions, tuple):
        members |= {"schedules": expressions, "schedule": SEPARATOR.join(expressions)}
    if members.get("calendars") is not None:
        members["calendars"] = _with_days(members["calendars"], context)
    definition = JobDefinition(name=name, **members)
    # Those of defaults mean the jobs that have times.
    if (definition.jitter_ms, definition.calendars) != (None, None) and not definition.has_times:
        definition = structs.replace(definition, jitter_ms=None, calendars=None)
    return ConfiguredJob(
        definition=expect.fitting(definition),
        env={**inherited, **own} if own else inherited,
        written=KeyLines(block.lines),
        inherited=context.defaults.lines,
        timing_place=when,
        file=file,
    )


def _custom(name: str, body: Mapping, context: ReadingContext) -> Found | None:
    """What stands in Python under the name of a job that has no command; None where none is looked for."""
    if "command" in body.entries or "python" in body.entries or name in context.registered:
        return None
    if context.custom is None:
        return None
    return context.custom().find(name)


def _python_block(key: Scalar, body: Mapping, job: DeclaredJob, problems: Problems) -> Block:
    """What a job says whose class is found by its name: the keys of any job, and values of the class."""
    from scheduler.configuration.job_kinds.python_job import parameters_of, without_bare_keys

    rest, bare = without_bare_keys(body, job, JOB_KEYS, f"jobs.{key.text}", problems)
    block = read_block(rest, JOB_KEYS, problems, f"jobs.{key.text}", "a job")
    written = block.values.get("params", {})
    block.values["params"] = parameters_of(job, written, body, bare, key, problems)
    block.values["python"], block.lines["python"] = job.target, key.mark.line + 1
    if bare:
        block.lines.setdefault("params", min(where.mark.line for where, _ in bare.values()) + 1)
    if job.description:
        block.values.setdefault("description", job.description)
    return block


def _check_kind(
    key: Scalar, body: Mapping, block: Block, context: ReadingContext, custom: Found | None
) -> None:
    """Whether a job without a command is a registered one, and whether keys for those are only with those."""
    name, problems = key.text, context.problems
    entries, meant = body.entries, block.meant
    has_command = "command" in entries or "python" in entries or "command" in meant or "python" in meant
    if "python" in entries and "command" in entries:
        what = "a job has a command or python, not both"
        problems.add(body.entries["python"][0], what, key=f"jobs.{name}.python")
    if custom is not None and custom.job is not None:
        has_command = True
    elif not has_command:
        known = context.custom().names if custom is not None and context.custom is not None else ()
        problem = "" if custom is None else custom.problem
        fault = without_command(name, context.registered, known, problem)
        if fault is not None:
            problems.add(key, fault[0], key=f"jobs.{name}", suggestion=fault[1])
            return
    for each, (where, _) in body.entries.items():
        if (fault := misplaced(name, each, has_command=has_command)) is not None:
            problems.add(where, fault[0], key=f"jobs.{name}.{each}", suggestion=fault[1])


def check_calendars(
    named: JobCalendars, node: Node, calendars: AbstractMapping[str, object], problems: Problems, key: str
) -> None:
    """Whether the config has the calendars that are named somewhere in it."""
    for name in (*named.only, *named.without):
        if name not in calendars:
            known = f"which has {', '.join(calendars)}" if calendars else "which has none"
            message = f"there is no calendar {name!r} in calendars: at the top of the config, {known}"
            problems.add(node, message, key=key, suggestion=nearest(name, calendars))


def _with_days(named: JobCalendars, context: ReadingContext) -> JobCalendars:
    """The calendars with the digests of their days."""

    def digests(names: AbstractMapping[str, str]) -> dict[str, str]:
        found = ((name, context.calendars.get(name)) for name in names)
        return {name: calendar.days.digest for name, calendar in found if calendar is not None}

    return JobCalendars(only=digests(named.only), without=digests(named.without))


def _check_calendars(
    body: Mapping, block: Block, timing: dict[str, Node], context: ReadingContext, key: str
) -> None:
    """Whether there are these calendars, and times for them to choose from."""
    calendars = block.values.get("calendars")
    if calendars is None:
        return
    where = body.entries["calendars"][1]
    if is_at_reboot(timing):
        told = "calendars choose among the times of a schedule, and a boot of the machine has none"
        context.problems.add(where, told, key=key)
    check_calendars(calendars, where, context.calendars, context.problems, key)


def _check_jitter(
    key: Scalar, body: Mapping, block: Block, timing: dict[str, Node], context: ReadingContext
) -> None:
    """Whether a job's times can be moved by its jitter, which may be that of the defaults."""
    own = "jitter_ms" in block.values
    jitter_ms = block.values.get("jitter_ms") if own else context.defaults.values.get("jitter_ms")
    if jitter_ms is None or len(timing) != 1 or (not own and ("on_demand" in timing or is_at_reboot(timing))):
        return
    ((kind, node),) = timing.items()
    timezone = block.values.get("timezone") or context.defaults.values.get("timezone", "UTC")
    if (fault := context.timings.jitter_fault(kind, node, timezone, jitter_ms)) is not None:
        where = body.entries["jitter"][1] if own else key
        inherited = "" if own else "; the jitter is that of defaults, and jitter: none takes it back"
        context.problems.add(where, fault + inherited, key=f"jobs.{key.text}.jitter")


def _check_surroundings(key: Scalar, body: Mapping, block: Block, context: ReadingContext) -> None:
    """As whom the job runs and with which secrets, of those that say so."""
    if "secrets" in block.values:
        _check_secrets(body, block, context, f"jobs.{key.text}.secrets")
    if "run_as" in block.values or "run_as" in context.defaults.values:
        context.users.job(key, body.entries, block.values, context.defaults.values.get("run_as"))


def _check_secrets(body: Mapping, block: Block, context: ReadingContext, key: str) -> None:
    """No variable is set in two ways."""
    for name in block.values["secrets"]:
        for where, env in (
            ("env", block.values.get("env", {})),
            ("the env of defaults", context.default_digests),
        ):
            if name in env:
                message = f"{name} stands in {where} too: a variable has one value"
                context.problems.add(body.entries["secrets"][1], message, key=f"{key}.{name}")
                break


def _check_folders(body: Mapping, block: Block, context: ReadingContext, key: str) -> None:
    """No maintenance job is given what cronledger itself stands on to clean."""
    listed: Any = block.values.get("directories")
    if context.home is None or not listed:
        return
    for each in listed:
        if (what := _own_folder(each.path, context.home)) is not None:
            context.problems.add(
                body.entries["directories"][1], f"{each.path} {what}", key=f"{key}.directories"
            )


def _own_folder(written: str, home: Home) -> str | None:
    """Why a folder is not to be cleaned; None if it may be. Links may change: who deletes looks again."""
    for resolve in (os.path.abspath, os.path.realpath):
        path = Path(resolve(home.root / written))
        own = {folder: Path(resolve(folder)) for folder in (home.var, *home.own)}
        if path == own[home.var]:
            return "holds cronledger's own files, which are never deleted: name a folder in it"
        for folder in home.own:
            if path == own[folder] or own[folder] in path.parents:
                what = (
                    "is the ledger"
                    if folder in (home.own_ledger, home.mirror)
                    else "holds what cronledger stands on"
                )
                return f"{what}, from which nothing is ever deleted"
    return None


class Block(NamedTuple):
    """What a block says.

    Attributes:
        values: Name of each member that it sets, to the value.
        lines: Each key as it is written, and each environment variable as `env.NAME`, to its line, from 1.
        meant: The keys that unknown ones were probably meant to be.
    """

    values: dict[str, Any]
    lines: dict[str, int]
    meant: Collection[str] = ()


def read_block(
    node: Mapping, known: AbstractMapping[str, Key], problems: Problems, path: str, where: str
) -> Block:
    """Read every key of a block.

    Args:
        node: The block.
        known: The keys that belong there.
        problems: Where mistakes are noted.
        path: The key of the block itself, such as `jobs.backup`.
        where: The place, in words: "a job".
    """
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    meant: set[str] = set()
    for word, (key, value) in node.entries.items():
        entry = known.get(word)
        if entry is None:
            message, suggestion = unknown_key(word, known, where)
            problems.add(key, message, key=f"{path}.{word}", suggestion=suggestion)
            meant.add(suggestion)
            continue
        lines[word] = key.mark.line + 1
        try:
            values[entry.member] = entry.read(value)
        except InvalidValue as invalid:
            problems.take(invalid, value, f"{path}.{word}")
            continue
        if word == "env" and isinstance(value, Mapping):
            lines.update((f"env.{name}", each.mark.line + 1) for name, (each, _) in value.entries.items())
    return Block(values, lines, meant)
