"""Explanations: what became of an instant of a job, and why; each fact names the entries that prove it.

All facts are read from the ledger; nothing here decides, records or words anything. `Explainer` answers about
one job, and `instants_showing` says which instants a person may mean by a local time.
"""

from scheduler.explanation.explain import Explainer
from scheduler.explanation.facts import Explanation, Fact, Verdict
from scheduler.explanation.wall_time import WallTimeInstants, instants_showing

__all__ = ["Explainer", "Explanation", "Fact", "Verdict", "WallTimeInstants", "instants_showing"]
