"""How the values of keys are shown to people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from scheduler.definition import (
    After,
    Directory,
    Expect,
    JobCalendars,
    Limits,
    Notify,
    Parameter,
    Retry,
    Secret,
)
from scheduler.schedule.duration import format_duration
from scheduler.wording.definitions import command_line
from scheduler.wording.quantities import size_words


def text(value: object) -> str:
    """As it is written; what is not set is empty."""
    return "" if value is None else str(value)


def text_or_none(value: object) -> str:
    """As it is written; what is not set is `none`."""
    return "none" if value is None else str(value)


def expressions(value: str | None, several: Collection[str] = ()) -> str:
    """One cron expression, or several joined."""
    if not several:
        return text(value)
    from scheduler.schedule.cron.several import SEPARATOR

    return SEPARATOR.join(several)


def boolean(value: bool) -> str:
    """`true` or `false`, as YAML has them."""
    return "true" if value else "false"


def duration_ms(value: int | None) -> str:
    """A duration as it is written in the config, such as `1h30m`; none at all is `never`."""
    return "never" if value is None else _duration(value)


def jitter(value: int | None, offset_ms: int = 0) -> str:
    """The most that a job may run later, and by how much this one does."""
    if value is None:
        return "none"
    return (
        f"{duration_ms(value)} (this job runs {duration_ms(offset_ms)} later)"
        if offset_ms
        else duration_ms(value)
    )


def calendars(value: JobCalendars | None) -> str:
    """The calendars of a job by their names."""
    if value is None:
        return "none"
    parts = (("only", value.only), ("except", value.without))
    return "; ".join(f"{word} {', '.join(names)}" for word, names in parts if names)


def start_deadline_ms(value: int | None) -> str:
    """The same; none at all is what applies then."""
    return "1h of waiting for a slot" if value is None else duration_ms(value)


def success_codes(value: Iterable[int]) -> str:
    """Exit codes; none is 0 alone."""
    return ", ".join(map(str, value)) or "0"


def texts(value: Iterable[str]) -> str:
    """Texts, each in quotes."""
    return ", ".join(map(repr, value)) or "none"


def command(value: str | list[str], shell: bool) -> str:
    """The command line, and whether a shell reads it."""
    return command_line(value) + (" (through /bin/sh)" if shell else "")


def variables(value: Iterable[str]) -> str:
    """The names of environment variables."""
    return ", ".join(value) or "none"


def variable(digest: str) -> str:
    """One environment variable: its value may be secret, so the digest stands for it."""
    return f"(digest {digest})"


def words(value: Iterable[str]) -> str:
    """Words of a list."""
    return ", ".join(value) or "none"


def secret(value: str | Secret) -> str:
    """What may be secret is not shown; where it is read is."""
    return "(not shown)" if isinstance(value, str) else f"(from {value.file or f'${value.env}'})"


def secrets(value: Mapping[str, str | Secret]) -> str:
    """The same of several by name: `PGPASSWORD (from /etc/etl/pg), TOKEN (from $TOKEN)`."""
    return ", ".join(f"{name} {secret(each)}" for name, each in value.items()) or "none"


def folder(value: str | None) -> str:
    """The path of a folder; none is that of the home."""
    return "the home" if value is None else value


def directories(value: Iterable[Directory]) -> str:
    """Folders to clean, each with the pattern for the files in it."""
    return ", ".join(f"{each.path}/{each.pattern}" for each in value) or "none"


def retry(policy: Retry | None) -> str:
    """A policy as it is written in the config; none at all is `none`."""
    if policy is None:
        return "none"
    parts = [f"attempts: {policy.attempts}"]
    plain = Retry()
    if policy.delay_ms != plain.delay_ms:
        parts.append(f"delay: {_duration(policy.delay_ms)}")
    if policy.backoff != plain.backoff:
        parts.append(f"backoff: {policy.backoff:g}")
    if policy.delay_max_ms != plain.delay_max_ms:
        parts.append(f"delay_max: {_duration(policy.delay_max_ms)}")
    if policy.within_ms is not None:
        parts.append(f"within: {_duration(policy.within_ms)}")
    if policy.exit_codes or policy.outcomes is not None:
        conditions = [*map(str, policy.exit_codes), *(policy.outcomes or ())]
        parts.append(f"if: [{', '.join(conditions)}]")
    return f"{{{', '.join(parts)}}}"


def limits(value: Limits | None) -> str:
    """Limits as they are written in the config; none at all is `none`."""
    if value is None:
        return "none"
    parts = []
    if value.memory_bytes is not None:
        parts.append(f"memory: {size_words(value.memory_bytes)}")
    if value.cpu_time_ms is not None:
        parts.append(f"cpu_time: {_duration(value.cpu_time_ms)}")
    if value.nice is not None:
        parts.append(f"nice: {value.nice}")
    if value.output_bytes is not None:
        parts.append(f"output: {size_words(value.output_bytes)}")
    return f"{{{', '.join(parts)}}}"


def expect(value: Expect | None) -> str:
    """What is expected, as it is written in the config; nothing at all is `none`."""
    if value is None:
        return "none"
    parts = [
        f"{name}: {_duration(limit)}"
        for name, limit in (
            ("start_within", value.start_within_ms),
            ("finish_within", value.finish_within_ms),
            ("success_every", value.success_every_ms),
        )
        if limit is not None
    ]
    return f"{{{', '.join(parts)}}}"


def notify(value: Notify | None) -> str:
    """The block as it is written in the config; none at all is `none`."""
    if value is None:
        return "none"
    parts = [f"channels: {_listed(value.channels)}"]
    if value.when:
        parts.append(f"when: {_listed(value.when)}")
    if value.threshold is not None:
        parts.append(f"threshold: {value.threshold}")
    return f"{{{', '.join(parts)}}}"


def after(value: After | None) -> str:
    """As it is written in the config; none at all is `none`."""
    if value is None:
        return "none"
    names = ", ".join(value.jobs)
    if value.within_ms is None:
        return names
    return f"{{jobs: [{names}], within: {_duration(value.within_ms)}}}"


def parameters(value: dict[str, Parameter]) -> str:
    """Parameters for people: `region=eu (eu, us), token (secret, from /etc/token)`."""
    return ", ".join(_parameter(name, parameter) for name, parameter in value.items()) or "none"


def _parameter(name: str, parameter: Parameter) -> str:
    if parameter.secret:
        return f"{name} (secret, from {parameter.file or '$' + (parameter.env or '')})"
    told = name if parameter.default is None else f"{name}={parameter.default}"
    return f"{told} ({', '.join(parameter.choices)})" if parameter.choices else told


def _listed(words: Collection[str]) -> str:
    return next(iter(words)) if len(words) == 1 else f"[{', '.join(words)}]"


def _duration(milliseconds: int) -> str:
    return format_duration(timedelta(milliseconds=milliseconds))
