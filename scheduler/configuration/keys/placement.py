"""Keys that stand where they do not belong, or that nobody knows, and the key that was probably meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.table import DEFAULTS_KEYS, JOB_KEYS, TOP_KEYS, keys_of
from scheduler.configuration.spelling import nearest

_RETRY, _LIMITS = "retry: {attempts: 5, delay: 30s}", "limits: {memory: 2GB, nice: 10}"
_IN_BLOCKS = {
    **dict.fromkeys(("attempts", "delay", "backoff", "delay_max"), _RETRY),
    **dict.fromkeys(("memory", "cpu_time", "nice", "output"), _LIMITS),
    **dict.fromkeys(("except", "only"), "calendars: {except: holidays}"),
    "within": "after: {jobs: extract, within: 6h}, or retry: {attempts: 5, within: 3h}",
}
"""Keys that stand in a block of a job, with an example of that."""
_BLOCKS: tuple[tuple[str, Collection[str]], ...] = (
    ("the scheduler block", SCHEDULER_KEYS),
    ("the ledger block", LEDGER_KEYS),
    # Its headers are those of a channel too.
    ("the telemetry block", ("otlp", "metrics")),
)
_PLACES = (_BLOCKS[0], ("a job under jobs", JOB_KEYS), *_BLOCKS[1:])
_TOP_SYNONYMS = dict.fromkeys(("opentelemetry", "otel", "traces", "tracing"), "telemetry")


def unknown_key(word: str, known: Mapping[str, Key], where: str) -> tuple[str, str]:
    """What to say of a key that does not belong, and the key that was probably meant (or an empty string).

    Args:
        word: The key as it was written.
        known: The keys that belong there.
        where: The place, in words: "a job".
    """
    if word in JOB_KEYS and known is DEFAULTS_KEYS:
        return f"{word} belongs to each job, not to defaults", ""
    for place, keys in _PLACES:
        if word in keys and known is not keys:
            return f"{word} does not belong to {where} but to {place}", ""
    if word in TOP_KEYS:
        return f"{word} does not belong to {where}: it is a block at the top of the config", ""
    if word in _IN_BLOCKS and "retry" in known:
        return f"{word} does not stand in {where} by itself but in a block, such as {_IN_BLOCKS[word]}", ""
    folded = word.casefold().replace("-", "_")
    meant = (name for name, key in known.items() if folded in key.synonyms)
    near = next(meant, "") or nearest(word, known)
    if near:
        return f"unknown key {word!r} in {where}", near
    return f"unknown key {word!r} in {where}, which takes {', '.join(known)}", ""


def unknown_block(word: str, known: Collection[str], where: str) -> tuple[str, str]:
    """The same of a key at the top of a config, which is none of its blocks and no key of a job.

    Args:
        word: The key as it was written; known: The blocks that may stand there; where: The top, in words.
    """
    for place, keys in _BLOCKS:
        if word in keys:
            return f"{word} belongs to {place}: it stands indented under `{place.split()[1]}:`", ""
    meant = _TOP_SYNONYMS.get(word.casefold(), "")
    near = meant if meant in known else nearest(word, known)
    return f"unknown key {word!r} at the top of {where}, which takes {', '.join(known)}", near


def misplaced(name: str, key: str, *, has_command: bool) -> tuple[str, str] | None:
    """Why a key does not belong to a job, and the one that was meant; None if it belongs.

    Args:
        name: The job.
        key: The key as it was written, a known one or not.
        has_command: Whether the job has a command: then it is none of the registered jobs, whatever its name.
    """
    entry = JOB_KEYS.get(key)
    if entry is None or not entry.only or (name in entry.only and not has_command):
        return None
    own = () if has_command else keys_of(name)
    if not own:
        jobs = " and ".join(entry.only)
        what = "a job that runs a command cleans by itself" if has_command else "this job does not clean"
        return f"{key} is for {jobs} without a command: {what}", ""
    return f"{name} does not take {key}: how long it keeps things is said by {own[0]}", own[0]
