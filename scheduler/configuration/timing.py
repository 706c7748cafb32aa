"""When a job runs: exactly one of four keys, accepted only if its time comes and can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from scheduler.configuration.settings.job_settings import TIMING_KEYS
from scheduler.configuration.yaml_tree.problems import Placed, Problems, file_of
from scheduler.configuration.yaml_tree.tree import Node, Scalar, Sequence
from scheduler.schedule.at import parse_at
from scheduler.schedule.cron.several import parse_several
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every import parse_every
from scheduler.schedule.expression import parse_expression
from scheduler.schedule.schedule import Schedule
from scheduler.schedule.uncomputed import OnDemand, is_reboot

_PARSE: dict[str, Callable[[str, str], Schedule]] = {
    "schedule": parse_expression,
    "every": parse_every,
    "at": parse_at,
    "on_demand": lambda _, timezone: OnDemand(timezone),
}


def parse_timing(kind: str, text: str, timezone: str) -> Schedule:
    """The schedule that a key (`schedule`, `every`, `at` or `on_demand`) and its value name.

    Raises:
        ScheduleError: There is no such schedule.
    """
    return _PARSE[kind](text, timezone)


class Timings:
    """Checks the timing of jobs; what many jobs share is checked once.

    Args:
        texts: Of the files of the config, by their names.
        problems: Where mistakes are noted.
    """

    def __init__(self, texts: Mapping[str, str], problems: Problems) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}
        self._problems = problems
        self._known: dict[tuple[str, str, str], ScheduleError | None] = {}

    def check(self, written: dict[str, Node], timezone: str, name: Placed, key: str) -> None:
        """Note what is wrong with the timing of a job.

        Args:
            written: Those of these keys that the job has, each with its value.
            timezone: The zone of the job.
            name: Where the job begins.
            key: The job's key, such as `jobs.backup`.
        """
        if len(written) != 1:
            self._problems.add(name, _not_one(list(written)), key=key)
            return
        ((kind, node),) = written.items()
        if isinstance(node, Sequence):
            for index, item in enumerate(node.items, 1):
                if len(node.items) > 1 and isinstance(item, Scalar) and is_reboot(item.text):
                    self._problems.add(item, _ALONE, key=f"{key}.{kind}.{index}")
                self._check_one(kind, item, timezone, f"{key}.{kind}.{index}")
        else:
            self._check_one(kind, node, timezone, f"{key}.{kind}")

    def jitter_fault(self, kind: str, node: Node, timezone: str, jitter_ms: int) -> str | None:
        """Why the times of a job cannot be moved by so much; None if they can, or if they are wrong themselves."""
        from scheduler.schedule.jitter import jitter_fault

        if kind == "on_demand":
            return "this job has no times that jitter could move: it runs only when somebody asks for it"
        texts = [each.text for each in _items(node) if isinstance(each, Scalar)]
        if any(map(is_reboot, texts)):
            return "a boot of the machine has no time that jitter could move"
        if not texts or any(_mistake(kind, text, timezone) for text in texts):
            return None
        several = isinstance(node, Sequence) and len(texts) > 1
        schedule = (
            parse_several(tuple(texts), timezone) if several else parse_timing(kind, texts[0], timezone)
        )
        return jitter_fault(timedelta(milliseconds=jitter_ms), schedule)

    def _check_one(self, kind: str, node: Node, timezone: str, key: str) -> None:
        if not isinstance(node, Scalar):
            return  # refused before, by its reader
        shared = (kind, node.text, timezone)
        if shared not in self._known:
            self._known[shared] = _mistake(*shared)
        if (first := self._known[shared]) is None:
            return
        start = self._start_of_text(node)
        mistakes = (first, *first.others)
        for error in mistakes:
            self._problems.add(
                node,
                error.reason,
                key=key,
                suggestion=(error.suggestion or "") if error is mistakes[-1] else "",  # one for all of them
                offset=0 if start is None else start + error.column,
            )

    def _start_of_text(self, node: Scalar) -> int | None:
        """How many characters after the node's beginning its text stands literally; None if nowhere."""
        file = file_of(node)
        if file not in self._lines:
            self._lines[file] = self._texts[file].split("\n")
        begin = node.mark.column + (not node.plain)
        line = self._lines[file][node.mark.line]
        return int(not node.plain) if line[begin : begin + len(node.text)] == node.text else None


_ALONE = "@reboot stands alone, for a boot is no time: what is to run at other times too is another job"


def is_at_reboot(timing: dict[str, Node]) -> bool:
    """Whether a job runs once for each boot of the machine, as its timing is written."""
    return any(
        isinstance(each, Scalar) and is_reboot(each.text) for node in timing.values() for each in _items(node)
    )


def _items(node: Node) -> list[Node]:
    return node.items if isinstance(node, Sequence) else [node]


def _not_one(found: list[str]) -> str:
    if not found:
        return "nothing says when this job runs: add schedule, every, at, on_demand: true or after"
    listed = " and ".join(found)
    return f"this job has {listed}: exactly one of {', '.join(TIMING_KEYS)} says when it runs"


def _mistake(kind: str, text: str, timezone: str) -> ScheduleError | None:
    try:
        parse_timing(kind, text, timezone)
    except ScheduleError as error:
        return error
    return None
