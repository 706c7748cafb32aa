"""Why a run waits where several nodes share the ledger, as `jobs why` tells it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cli.words.explanation_words import sentence_of
from scheduler import vocabulary as v
from scheduler.explanation import Explainer
from scheduler.explanation import facts as f
from scheduler.ledger.past import Past
from scheduler.rules.nodes.losses import given_up
from tests.support.node_ledger import USER, NodeLedger
from tests.support.world import job


def told(ledger: NodeLedger, instant: datetime, folder: Path) -> tuple[list[str], list[list[str]]]:
    """What is said of an instant of `load`, fact by fact, and the types of the entries that show it."""
    past = Past(ledger.store, folder / "states", 64)
    answer = Explainer(past, "load", ledger.now, serving=True).explain(instant)
    assert answer.verdict == "waiting"
    facts = [fact for fact in answer.facts if isinstance(fact, (f.UnfinishedRun, f.NoNode))]
    shown = [[ledger.entries[seq].type for seq in fact.entries] for fact in facts]
    return [sentence_of(fact, "UTC") for fact in facts], shown


def test_a_run_that_no_node_takes_says_why_each_does_not(tmp_path: Path) -> None:
    """With the entries that show it; what lacks the label is not listed while others have it."""
    ledger = NodeLedger(job("load", runs_on="db"), job("other"), nodes={"web": 8}, leader="web")
    run = ledger.tick("load")
    assert run.scheduled_for is not None
    sentences, shown = told(ledger, run.scheduled_for, tmp_path / "none")
    assert sentences[1] == "No node takes it: no node is called db or has that label."
    assert shown[1] == []
    ledger.join("d1", 1, labels=["db"])
    ledger.join("d2", 1, labels=["db"])
    ledger.join("d3", 1, labels=["db"], unfit={"load": "it has no PGHOST"})
    ledger.say(v.NodeDrained(node="d1", reason="a new disk"), USER)
    ledger.lose("d2")
    sentences, shown = told(ledger, run.scheduled_for, tmp_path / "some")
    assert sentences[1] == (
        "No node takes it: d1 is drained (a new disk), d2 is lost, d3 cannot run it (it has no PGHOST)"
        " (runs_on: db)."
    )
    assert shown[1] == ["node.joined", "node.drained", "node.lost"]


def test_a_run_that_a_node_has_and_has_not_started_says_which(tmp_path: Path) -> None:
    """The assignment shows it."""
    ledger = NodeLedger(job("load"), nodes={"a": 1}, leader="a")
    run = ledger.tick("load")
    ledger.assign(run, "a")
    assert run.scheduled_for is not None
    sentences, shown = told(ledger, run.scheduled_for, tmp_path)
    assert sentences == [f"Run {run.number} is assigned to node a, which has not started it yet."]
    assert shown == [["run.assigned"]]


def test_a_run_behind_one_whose_node_stopped_names_the_command_that_gives_it_up() -> None:
    """Nobody watches that one; once its node is given up, it is in nobody's way."""
    from cli.words.wait_words import waiting_words
    from scheduler.rules.runs.waiting_reasons import WaitingReasons

    ledger = NodeLedger(job("load", overlap="queue"), nodes={"a": 1, "b": 1}, leader="a")
    ledger.start(first := ledger.tick("load"), "b")
    second = ledger.tick("load")

    def words() -> str:
        reason = WaitingReasons(ledger.state).of(second.number)
        return waiting_words(ledger.state, second, reason, ledger.now, "UTC")

    assert words() == f"waiting for run {first.number} to end"
    ledger.say(v.NodeLeft(node="b", reason="SIGTERM", runs_left=1))
    assert "whose node b has stopped (if it will not come back: cronledger nodes forget b)" in words()
    ledger.append(*given_up(ledger.state, "b", "sold", ledger.now, USER))
    assert words() == "waiting to start"
