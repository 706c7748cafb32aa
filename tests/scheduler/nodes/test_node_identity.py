from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.home import Home
from scheduler.nodes.node_identity import (
    BadNodeName,
    RunsUnderFormerName,
    identity_of,
    leads_here,
    node_name,
    serve_as,
    served_since_boot,
)
from scheduler.processes.recognition import identity
from tests.support.node_ledger import NodeLedger
from tests.support.world import job


def test_a_node_has_the_name_that_it_is_given_or_that_of_its_host() -> None:
    """An empty variable names nothing."""
    assert node_name({"CRONLEDGER_NODE": "db-1.example_2"}) == "db-1.example_2"
    assert node_name({"CRONLEDGER_NODE": ""}) == node_name({}) == identity.host_name()


@pytest.mark.parametrize("name", ["-a", ".a", "a b", "a/b", "a\n", "é", "a" * 201])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    """It would be no key of the config, and no label."""
    with pytest.raises(BadNodeName) as refused:
        node_name({"CRONLEDGER_NODE": name})
    assert (refused.value.name, refused.value.variable) == (name, "CRONLEDGER_NODE")


def test_what_tells_a_home_from_others_is_made_once_and_not_taken_from_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays over restarts and renaming; a copy makes its own, as does a home whose file is damaged."""
    monkeypatch.setenv("CRONLEDGER_NODE", "a")
    home = Home(tmp_path)
    first = identity_of(home)
    monkeypatch.setenv("CRONLEDGER_NODE", "b")
    assert identity_of(home) == first._replace(node="b")
    copied = identity_of(home, anew=True)
    assert copied.incarnation != first.incarnation
    assert identity_of(home) == copied
    (home.var / "node.json").write_text('{"incarnation": "../../x", "more": 1}')
    assert identity_of(home).incarnation not in (first.incarnation, copied.incarnation)


def test_whether_a_node_served_since_the_machine_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If none did, the machine may be a clone; its home is what it was all the same."""
    home = Home(tmp_path)
    first = identity_of(home)
    assert served_since_boot(home)
    monkeypatch.setattr(identity, "boot_id", lambda: "another")
    assert not served_since_boot(home)
    assert served_since_boot(home)
    assert identity_of(home) == first


def test_what_is_done_once_for_a_ledger_is_done_where_its_node_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one machine that is this one; among nodes the leader's, and nobody's while none leads."""
    monkeypatch.setenv("CRONLEDGER_NODE", "a")
    assert leads_here(NodeLedger().state)
    ledger = NodeLedger(nodes={"a": 1, "b": 1})
    assert not leads_here(ledger.state)
    ledger.elect("a")
    assert leads_here(ledger.state)
    ledger.elect("b")
    assert not leads_here(ledger.state)


def test_a_home_has_no_other_name_while_runs_go_that_it_started_under_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would watch them, nor tell how they ended; what was started before this boot of the machine is gone."""
    home, ledger = Home(tmp_path), NodeLedger(job("work"), nodes={"a": 2, "b": 2}, leader="b")
    run = ledger.tick("work")
    ledger.start(run, "a")
    executor = run.executor
    assert executor is not None
    monkeypatch.setenv("CRONLEDGER_NODE", "a")
    serve_as(home, identity_of(home), ledger.state, executor.boot_id)
    serve_as(home, identity_of(home), ledger.state, executor.boot_id)
    monkeypatch.setenv("CRONLEDGER_NODE", "new")
    with pytest.raises(RunsUnderFormerName) as refused:
        serve_as(home, identity_of(home), ledger.state, executor.boot_id)
    assert (refused.value.former, refused.value.runs) == ("a", [run.number])
    serve_as(home, identity_of(home), ledger.state, "another boot")
    # From now on it is that, and may go back while nothing runs under the new name.
    monkeypatch.setenv("CRONLEDGER_NODE", "a")
    serve_as(home, identity_of(home), ledger.state, executor.boot_id)
