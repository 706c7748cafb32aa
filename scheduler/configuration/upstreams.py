"""Whether the jobs exist after which others run, and whether none runs after itself, through whatever others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from scheduler.configuration.keys.block_values.upstreams import named
from scheduler.configuration.model import ConfigLint, ConfiguredJob
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import Problems
from scheduler.configuration.yaml_tree.tree import Mapping as MappingNode
from scheduler.configuration.yaml_tree.tree import Node, Scalar
from scheduler.definition import After

_CYCLE_SHOWN_MAX = 12
"""Of a longer circle so many jobs are named."""


def check_after(
    job: Scalar, body: MappingNode, after: After | None, timing: Collection[str], problems: Problems
) -> None:
    """Whether `after` fits what else says when a job runs: alone it says that, else it needs `within`.

    Args:
        job: The job's name, as it is written.
        body: The keys of the job.
        after: What was read of the key; None if that is wrong.
        timing: The other keys that say when it runs.
        problems: Where mistakes are noted.
    """
    name, where = job.text, body.entries["after"][0]
    if after is None:
        return
    fault = ""
    if "on_demand" in timing:
        fault = "this job has on_demand and after: what runs only when somebody asks for it waits for no other job"
    elif after.within_ms is not None and not timing:
        fault = (
            "within goes with a schedule, and nothing says when this job runs: add schedule or every, or write "
            f"after: {_written(after.jobs)}, with which it runs once they have succeeded"
        )
    elif after.within_ms is None and timing:
        fault = (
            f"this job has {' and '.join(timing)} and after: beside a schedule, after says how long ago the others "
            f"may have succeeded, as in after: {{jobs: {_written(after.jobs)}, within: 6h}}"
        )
    if fault:
        problems.add(where, fault, key=f"jobs.{name}.after")
    if after.within_ms is None and not timing:
        for word in ("jitter", "calendars"):
            if word in body.entries and _text(body.entries[word][1]) != "none":
                what = f"{word} goes with a schedule: this job runs at the times of the jobs before it"
                problems.add(body.entries[word][0], what, key=f"jobs.{name}.{word}")


def _text(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _written(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def check_upstreams(jobs: Mapping[str, tuple[Scalar, Node]], problems: Problems) -> None:
    """Note each name in an `after` that is no job of the config, and each circle.

    Args:
        jobs: The jobs as they are written, by name, those that are wrong too.
        problems: Where mistakes are noted.
    """
    afters = {
        name: node.entries["after"][1]
        for name, (_, node) in jobs.items()
        if isinstance(node, MappingNode) and "after" in node.entries
    }
    if not afters:
        return
    graph: dict[str, list[str]] = {}
    for name, after in afters.items():
        for each in named(after):
            if each.text == name:
                problems.add(each, f"{name} cannot run after itself", key=f"jobs.{name}.after")
            elif each.text in jobs:
                graph.setdefault(name, []).append(each.text)
            else:
                problems.add(
                    each,
                    f"there is no job {each.text!r} in the config, after which {name} could run",
                    key=f"jobs.{name}.after",
                    suggestion=nearest(each.text, [other for other in jobs if other != name]),
                )
    for circle in _circles(graph):
        first = circle[0]
        shown = circle[:_CYCLE_SHOWN_MAX]
        links = [
            f"{name} runs after {before}" for name, before in zip(shown, [*circle[1:], first], strict=False)
        ]
        more = f", and so on through {len(circle)} jobs" if len(circle) > len(shown) else ""
        problems.add(
            afters[first],
            f"these jobs wait for each other, so that none would ever run: {', '.join(links)}{more}",
            key=f"jobs.{first}.after",
        )


def _circles(graph: dict[str, list[str]]) -> Iterator[list[str]]:
    """The circles, each beginning with the job that comes first in the file; each job is in one of them at most."""
    from graphlib import CycleError, TopologicalSorter  # only a config with jobs after others needs it

    left = dict(graph)
    places = {name: place for place, name in enumerate(graph)}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            # Each job of it is one that the next one runs after.
            circle = list(reversed(error.args[1]))[:-1]
            begin = min(range(len(circle)), key=lambda at: places[circle[at]])
            yield circle[begin:] + circle[:begin]
            for name in circle:
                left.pop(name, None)
        else:
            return


def upstream_lints(jobs: Mapping[str, ConfiguredJob]) -> Iterator[ConfigLint]:
    """What is legal but surprising about jobs that run after others."""
    for job in jobs.values():
        for name in job.definition.follows:
            before = jobs.get(name)
            if before is not None and before.definition.on_demand:
                told = (
                    f"{name} runs only when somebody asks for it: {job.definition.name} follows only with "
                    f"cronledger jobs run {name} --with-dependents"
                )
                yield ConfigLint(*job.timing_place, job.definition.name, "after-on-demand", told)
