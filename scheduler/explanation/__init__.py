"""Why: what became of any instant of a job's life, each fact with the entries that prove it.

It is read from the ledger as it stands; nothing here decides, records or words anything. `Explainer` answers about
one job, `instants_showing` says which instants a person may mean by a local time.
"""

from scheduler.explanation.explain import Explainer
from scheduler.explanation.facts import Explanation, Fact, Verdict
from scheduler.explanation.wall_time import WallTimeInstants, instants_showing

__all__ = ["Explainer", "Explanation", "Fact", "Verdict", "WallTimeInstants", "instants_showing"]
