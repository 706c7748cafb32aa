"""Which jobs a node cannot run, and why, as people read it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from scheduler.home import Home
from scheduler.nodes.unfit import recorded_unfit
from scheduler.rules.nodes.nodes_state import ALL_JOBS
from tests.support.applied import Cluster
from tests.support.home import write_config

CONFIG = """\
jobs:
  plain: {command: echo plain, every: 5m}
  load: {command: /opt/load, every: 5m, env: {PGHOST: db1}}
  keyed: {command: /opt/keyed, every: 5m, secrets: {TOKEN: {file: keys/token}}}
  asked: {command: /opt/asked, on_demand: true, params: {token: {secret: true, env: ASKED_TOKEN}}}
  report: {every: 1d}
  away: {every: 1d, python: "no_such_package_here.jobs:run"}
"""
CODE = """\
class Report:
    name = "report"

    def run(self, ctx):
        ctx.log.info("done")
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """A ledger in which nothing is said of a config yet."""
    return Cluster(tmp_path)


def _whole_home(cluster: Cluster, name: str) -> Home:
    home = cluster.home(name, CONFIG)
    (home.root / "keys").mkdir(mode=0o700)
    (home.root / "keys/token").write_text("t0ken")
    (home.root / "keys/token").chmod(0o600)
    (home.extensions / "reports").mkdir(parents=True)
    (home.extensions / "reports/jobs.py").write_text(CODE)
    return home


def _unfit(cluster: Cluster, home: Home, **environ: str) -> dict[str, str]:
    node = cluster.node(home, environ)
    node.watch.begin()
    return node.watch.unfit


def test_a_home_that_has_all_of_it_fits(cluster: Cluster) -> None:
    """Only the package that is nowhere installed is missing."""
    home = _whole_home(cluster, "a")
    cluster.apply(home)
    assert _unfit(cluster, home, ASKED_TOKEN="x") == {
        "away": "the package no_such_package_here is not installed here"
    }


def test_what_is_missing_is_named(cluster: Cluster) -> None:
    """An empty home with the same salt has no values, no secrets and no extension."""
    cluster.apply(_whole_home(cluster, "a"))
    found = _unfit(cluster, cluster.home("b", None))
    assert found.pop("away") == "the package no_such_package_here is not installed here"
    assert found.pop("load") == "its env PGHOST is not in the config here"
    assert found.pop("report") == "extensions/reports/jobs.py is missing"
    assert found.pop("asked") == "its parameter token: there is no variable ASKED_TOKEN in the environment"
    assert found.pop("keyed").startswith("its secret TOKEN cannot be read from ")
    assert found == {}


def test_what_differs_is_named(cluster: Cluster) -> None:
    """Another value, or other code, is told from a missing one; and it fits again once it is as it was applied."""
    cluster.apply(_whole_home(cluster, "a"))
    home = _whole_home(cluster, "b")
    write_config(home.root, CONFIG.replace("db1", "db2"))
    (home.extensions / "reports/helper.py").write_text("X = 1\n")
    node = cluster.node(home, {"ASKED_TOKEN": "x"})
    node.watch.begin()
    assert node.watch.unfit["load"] == "its env PGHOST differs from what was applied"
    assert node.watch.unfit["report"] == "the code in extensions/reports differs from what was applied"
    assert "load" not in node.watch.config.jobs
    write_config(home.root, CONFIG)
    (home.extensions / "reports/helper.py").unlink()
    node.look(11)
    assert node.watch.unfit.keys() == {"away"}


def test_another_salt_is_told_as_what_it_is(cluster: Cluster) -> None:
    """Its values may be the same: nobody can compare them, and what to do about it is said."""
    cluster.apply(_whole_home(cluster, "a"))
    home = cluster.home("b", CONFIG, salt=b"8" * 32)
    assert _unfit(cluster, home)["load"] == (
        f"its env cannot be compared: {home.var / 'salt'} is another one than where the config was applied; "
        "copy it from there"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts jobs as others")
def test_a_user_that_is_not_there_is_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that runs as somebody runs only where there is such a user."""
    cluster.apply(cluster.home("a", "jobs: {it: {command: id, every: 5m, run_as: daemon}}"))
    home = cluster.home("b", None)
    assert _unfit(cluster, home) == {}

    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", nobody)
    assert _unfit(cluster, home) == {"it": "it runs as daemon, and there is no user daemon on this machine"}


def test_many_reasons_fit_into_one_entry() -> None:
    """Ten thousand jobs that cannot run are one reason for all of them; a few hundred are shortened."""
    one = {f"job-{number:05}": "its env PGHOST " + "x" * 400 for number in range(10)}
    assert max(map(len, recorded_unfit(one).values())) <= 300
    many = {f"job-{number:05}": "its env PGHOST " + "x" * 400 for number in range(300)}
    assert recorded_unfit(many).keys() == many.keys()
    herd = {f"job-{number:05}": "its env PGHOST is not in the config here" for number in range(10_000)}
    (told,) = recorded_unfit(herd).values()
    assert recorded_unfit(herd).keys() == {ALL_JOBS}
    assert told == "10,000 jobs cannot run here, such as job-00000: its env PGHOST is not in the config here"
