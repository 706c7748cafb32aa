"""What is in force on nodes: only what was applied, with the values that each has of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventstore.errors import NoAnswer
from scheduler.configuration.home_config import load_config
from scheduler.configuration.variables.kept_environments import kept_environments
from scheduler.nodes.applying import apply_config, config_to_apply
from scheduler.rules.reconcile import reconcile
from scheduler.service.announcements import AppliedNotUnderstood, NotApplied, NothingApplied
from tests.support.applied import ANN, Cluster
from tests.support.home import write_config
from tests.support.simulated_database import Trouble

CONFIG = """\
scheduler: {max_parallel: 3}
channels: {pager: {webhook: "https://p.example/s3cret"}}
jobs:
  plain: {command: echo plain, every: 5m}
  load: {command: /opt/load, every: 5m, env: {PGHOST: db1, PGPASSWORD: s3cret}}
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """A ledger in which nothing is said of a config yet."""
    return Cluster(tmp_path)


def test_nothing_is_in_force_before_something_was_applied(cluster: Cluster) -> None:
    """A node whose home has a config takes nothing of it, and says that nothing is in force."""
    node = cluster.node(cluster.home("a", CONFIG))
    node.watch.begin()
    assert (node.watch.config.jobs, node.watch.config.channels, node.watch.config.digest) == ({}, {}, "")
    assert node.told == [NothingApplied()]
    node.look()
    assert len(node.told) == 1


def test_what_was_applied_is_in_force_everywhere_with_own_values(cluster: Cluster) -> None:
    """Another node gets jobs, settings and channels by the ledger and the database, and values from its own file."""
    entries = cluster.apply(cluster.home("a", CONFIG))
    assert {entry.actor for entry in entries} == {"user:ann@db1"}
    assert not any(b"s3cret" in bytes(entry.data) for entry in entries)
    text = cluster.database("x").config(cluster.ledger.state.config or "")
    assert text is not None
    assert b"s3cret" not in text
    node = cluster.node(cluster.home("b", CONFIG))
    node.watch.begin()
    config = node.watch.config
    assert config.digest == cluster.ledger.state.config
    assert (config.settings.max_parallel, config.channels["pager"].url) == (3, "https://p.example/s3cret")
    assert node.env("load") == {"PGHOST": "db1", "PGPASSWORD": "s3cret"}
    assert node.watch.unfit == {}
    assert node.told == []
    cluster.check()


def test_an_edit_of_a_file_is_not_in_force_until_it_is_applied(cluster: Cluster) -> None:
    """The node goes on with what it had, old values included, and says so once; applied, it takes the new ones."""
    home = cluster.home("a", CONFIG)
    cluster.apply(home)
    node = cluster.node(home)
    node.watch.begin()
    write_config(home.root, CONFIG.replace("db1", "db2").replace("max_parallel: 3", "max_parallel: 4"))
    node.look()
    node.look()
    assert node.told == [NotApplied("edited")]
    assert (node.env("load") or {})["PGHOST"] == "db1"
    assert (node.watch.config.settings.max_parallel, node.watch.unfit) == (3, {})
    cluster.apply(home)
    node.look()
    assert (node.env("load") or {})["PGHOST"] == "db2"
    assert node.watch.config.settings.max_parallel == 4
    assert len(node.told) == 1


def test_the_same_text_again_records_nothing(cluster: Cluster) -> None:
    """Neither on the same home nor on another one; and a comment changes nothing either."""
    assert cluster.apply(cluster.home("a", CONFIG))
    assert cluster.apply(cluster.home("a", "# as it was\n" + CONFIG)) == []
    assert cluster.apply(cluster.home("b", CONFIG)) == []


def test_old_values_outlive_a_restart_while_an_edit_waits(cluster: Cluster) -> None:
    """The edited file has them no more; they are kept in the home, in private, and masked in what jobs print."""
    home = cluster.home("a", CONFIG)
    cluster.apply(home)
    cluster.node(home).watch.begin()
    write_config(home.root, CONFIG.replace("s3cret", "newer"))
    node = cluster.node(home)
    node.watch.begin()
    assert (node.env("load") or {})["PGPASSWORD"] == "s3cret"
    assert node.watch.config.channels["pager"].url == "https://p.example/s3cret"
    assert [kept.env["PGPASSWORD"] for kept in kept_environments(home.environments)] == ["s3cret"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.var.rglob("*") if path.name != "salt")


def test_a_start_without_the_database_takes_what_was_in_force(cluster: Cluster) -> None:
    """The text is kept in the home; where it was altered there, it is fetched again."""
    home = cluster.home("a", CONFIG)
    cluster.apply(home)
    cluster.node(home).watch.begin()
    away = cluster.node(home)
    away.database.cut = True
    away.watch.begin()
    assert away.watch.config.settings.max_parallel == 3
    home.applied_config.write_bytes(home.applied_config.read_bytes().replace(b"parallel: 3", b"parallel: 9"))
    back = cluster.node(home)
    back.watch.begin()
    assert back.watch.config.settings.max_parallel == 3


def test_what_is_not_to_be_had_now_is_fetched_later(cluster: Cluster) -> None:
    """While the database does not answer, what was in force stays so; nothing is told, and nothing is raised."""
    home = cluster.home("a", CONFIG)
    cluster.apply(home)
    node = cluster.node(cluster.home("b", CONFIG))
    node.database.meet(Trouble.UNREACHABLE, "config", times=2)
    node.watch.begin()
    assert node.watch.config.digest == ""
    node.look()
    assert node.watch.config.digest == ""
    node.look()
    assert node.watch.config.digest == cluster.ledger.state.config
    assert node.told == []


def test_a_text_that_was_altered_in_the_database_is_not_used(cluster: Cluster) -> None:
    """It has another digest than the ledger says, so that the node keeps what it had and says so."""
    home = cluster.home("a", CONFIG)
    text = config_to_apply(home).text
    # What is kept under a digest stays: so this is found there, and not what is applied next.
    cluster.database("evil").keep_config(text.digest, text.raw.replace(b"/opt/load", b"/opt/evil"))
    cluster.apply(home)
    node = cluster.node(cluster.home("b", CONFIG))
    node.watch.begin()
    assert node.watch.config.digest == ""
    (told,) = node.told
    assert isinstance(told, AppliedNotUnderstood)
    assert "altered" in told.reason


def test_a_ledger_that_was_moved_goes_on_with_the_copy_that_was_in_force(cluster: Cluster) -> None:
    """Nothing is in the database before the first `config apply`; the machine that was moved has the settings."""
    home = cluster.home("a", CONFIG)
    config = load_config(home)
    home.config_in_force.write_text(CONFIG)
    cluster.ledger.decide(
        lambda state: reconcile(state, config.definitions, config.digest, cluster.clock.now())
    )
    node, other = cluster.node(home), cluster.node(cluster.home("b", CONFIG))
    node.watch.begin()
    other.watch.begin()
    assert (node.watch.config.settings.max_parallel, other.watch.config.channels) == (3, {})
    assert node.told == other.told == [NothingApplied(config.digest)]
    assert other.env("load") == {"PGHOST": "db1", "PGPASSWORD": "s3cret"}


def test_keeping_the_text_comes_before_the_entry_that_names_it(cluster: Cluster) -> None:
    """If the database gives no answer to it, nothing is recorded."""
    home = cluster.home("a", CONFIG)
    database = cluster.database("a")
    database.meet(Trouble.NEVER_ARRIVED, "keep_config")
    before = cluster.ledger.state.head
    with pytest.raises(NoAnswer):
        apply_config(cluster.ledger, database, config_to_apply(home), ANN)
    assert cluster.ledger.state.head == before
