"""The keys of several machines: `nodes:`, a job's `runs_on`, `scheduler: lost_after`."""

from __future__ import annotations

import pytest

from scheduler.configuration.lints import lints
from scheduler.definition import JobDefinition, revision
from scheduler.planning.settings_edits import SettingEdit, settings_edits
from scheduler.rules.nodes.node_settings import NodeSettings, node_settings
from tests.scheduler.configuration.reading import job, read, refused, the_mistake

SHARED = 'ledger: {store: "postgresql://db.example/cronledger"}\n'
JOBS = "jobs: {}\n"


def test_a_node_has_labels_and_slots() -> None:
    """One label may stand alone; what is left out is the scheduler's, and a node need not be there at all."""
    config = read(
        """
        jobs: {}
        scheduler: {max_parallel: 5}
        nodes:
          db1: {labels: [ssd, db], max_parallel: 8}
          web1: {labels: web}
          bare: {}
        """
    )
    assert config.nodes["web1"] == NodeSettings(labels=("web",))
    settled = {
        name: node_settings(config.nodes, name, config.settings.max_parallel)
        for name in ("db1", "web1", "bare", "nobody")
    }
    assert settled == {"db1": (("db", "ssd"), 8), "web1": (("web",), 5), "bare": ((), 5), "nobody": ((), 5)}


@pytest.mark.parametrize(("block", "message"), [
    ("nodes: [db1]", "a mapping from the name of each node to its keys"),
    ("nodes: {db1: 8}", "a mapping of its keys, such as {labels: [db]}"),
    ("nodes: {db1: {label: db}}", "unknown key 'label' in a node"),
    ("nodes: {db1: {max_parallel: 0}}", "from 1 to 10000"),
    ("nodes: {'db 1': {}}", "is no node: a node is made of"),
    ("nodes: {db1: {labels: [a b]}}", "is no label: a label is made of"),
    ("nodes: {db1: {labels: [" + ", ".join(f"l{n}" for n in range(33)) + "]}}", "a node has at most 32"),
    ("nodes: {" + ", ".join(f"n{n}: {{}}" for n in range(1_001)) + "}", "a config has at most 1000"),
    ("scheduler: {lost_after: 9s}", "a duration from 10s to 1d"),
    ("scheduler: {lost_after: 25h}", "a duration from 10s to 1d"),
    ("jobs: {a: {every: 1m, command: x, runs_on: [db]}}", "a label, such as db"),
    ("jobs: {a: {every: 1m, command: x, runs_on: a b}}", "is no label"),
])  # fmt: skip
def test_what_is_no_node_is_refused(block: str, message: str) -> None:
    """With what belongs there."""
    mistake = the_mistake(block if block.startswith("jobs") else JOBS + block)
    assert message in mistake.message


def test_every_mistake_of_the_block_is_told() -> None:
    """One node that is wrong hides no other."""
    mistakes = refused(JOBS + "nodes: {a: {max_parallel: x}, b: {labels: {}}}")
    assert [each.line for each in mistakes] == [2, 2]


def test_runs_on_is_a_word_that_defaults_may_set_and_a_job_take_back() -> None:
    """It changes a definition; without it a definition is what it was."""
    assert job("every: 1m, command: x, runs_on: db").runs_on == "db"
    assert job("every: 1m, command: x", before="defaults: {runs_on: db}").runs_on == "db"
    assert job("every: 1m, command: x, runs_on: none", before="defaults: {runs_on: db}").runs_on is None
    plain, placed = job("every: 1m, command: x"), job("every: 1m, command: x, runs_on: db")
    assert revision(plain) != revision(placed)
    assert plain == JobDefinition(name="a", command="x", every="1m")


def test_a_node_is_lost_after_a_minute_unless_that_is_written() -> None:
    """In milliseconds."""
    assert read(JOBS).settings.lost_after_ms == 60_000
    assert read(JOBS + "scheduler: {lost_after: 10s}").settings.lost_after_ms == 10_000


def told(text: str) -> list[tuple[int, str, str]]:
    """Line, job and code of what is legal and surprising about nodes."""
    codes = ("not-shared", "label-of-no-node", "boot-of-each-machine")
    return [(each.line, each.job, each.code) for each in lints(read(text)) if each.code in codes]


BOTH = """\
defaults: {runs_on: db}
jobs:
  a: {every: 1m, command: x}
  b: {every: 1m, command: x, runs_on: db1}
  c: {every: 1m, command: x, runs_on: gpu}
  d: {schedule: "@reboot", command: x, runs_on: none}
nodes: {db1: {labels: [db]}}
"""


def test_on_a_database_a_label_that_no_node_has_is_told_and_what_a_boot_is() -> None:
    """The name of a node is one of its labels."""
    assert told(BOTH + SHARED) == [(5, "c", "label-of-no-node"), (6, "d", "boot-of-each-machine")]


def test_on_one_machine_it_is_told_that_they_have_no_effect() -> None:
    """Of the block, and of each job, where its label stands."""
    assert told(BOTH) == [
        (1, "a", "not-shared"), (4, "b", "not-shared"), (5, "c", "not-shared"), (7, "", "not-shared"),
    ]  # fmt: skip


def test_a_plan_tells_of_nodes_that_change() -> None:
    """Each as it is written."""
    old = read(JOBS + "nodes: {a: {labels: [db]}, b: {}, c: {max_parallel: 2}}")
    new = read(JOBS + "nodes: {a: {labels: [db, ssd]}, c: {max_parallel: 2}, d: {max_parallel: 4}}")
    assert settings_edits(old, new).settings == (
        SettingEdit("nodes", "a", "{labels: [db]}", "{labels: [db, ssd]}"),
        SettingEdit("nodes", "d", "none", "{max_parallel: 4}"),
        SettingEdit("nodes", "b", "{}", "none"),
    )
