"""What is legal and surprising where jobs are to run on some nodes, or the ledger is shared by none."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.configuration.model import Config, ConfigLint, ConfiguredJob


def node_lints(config: Config, *, shared: bool) -> Iterator[ConfigLint]:
    """Labels that no node has, nodes and labels on one machine, and what a boot means where there are several.

    Args:
        config: a config; shared: whether its ledger is, or is to be, on a database.
    """
    known = {label for name, node in config.nodes.items() for label in (name, *node.labels)}
    for job in config.jobs.values():
        wanted, name = job.definition.runs_on, job.definition.name
        line, file = _where(job)
        if wanted is not None and not shared:
            message = f"runs_on: {wanted} has no effect: one machine serves this ledger (ledger: store)"
            yield ConfigLint(line, 1, name, "not-shared", message, file)
        elif wanted is not None and wanted not in known:
            message = f"no node under nodes has the label {wanted}: only a node of that name may run it"
            yield ConfigLint(line, 1, name, "label-of-no-node", message, file)
        if shared and job.definition.at_reboot:
            where = "a node with that label" if wanted else "any node"
            message = (
                f"it runs once for each boot of each machine that serves, on {where}: that may be another one"
            )
            yield ConfigLint(*job.timing_place, name, "boot-of-each-machine", message)
    if config.nodes and not shared:
        message = "nodes has no effect: one machine serves this ledger (ledger: store)"
        yield ConfigLint(*config.nodes_place, "", "not-shared", message, "")


def _where(job: ConfiguredJob) -> tuple[int, str]:
    """The line and the file in which `runs_on` stands for a job; those of its time, if it stands nowhere."""
    own, inherited = job.written.get("runs_on"), job.inherited.get("runs_on")
    return own or inherited or job.timing_place.line, "" if not own and inherited else job.file
