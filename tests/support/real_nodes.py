"""Real nodes on a real PostgreSQL: homes that share a ledger, each with a `cronledger serve` of its own."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.database.agreement import settle_place
from scheduler.database.connection import open_database
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.nodes.applying import apply_config, config_to_apply
from scheduler.nodes.node_identity import VARIABLE
from scheduler.store import open_store_to_append
from tests.support.applied import ANN, salted_home
from tests.support.left_behind import homes
from tests.support.served import Served


class RealNodes:
    """Nodes of one ledger; what their jobs print is in the folder that all of them know.

    Args:
        root: where the homes are.
        url: of the database, which holds entry 0.
        config: the jobs and settings, as a block of YAML; `{root}` in it is that folder.
    """

    def __init__(self, root: Path, url: str, config: str) -> None:
        self.root, self._url = root, url
        self._config = f"ledger:\n  store: {url}\n" + config.replace("{root}", str(root))
        self.served: dict[str, Served] = {}

    def home(self, name: str) -> Home:
        """The home of a node; it is on the database."""
        root = self.root / name
        if not root.exists():
            homes.add(root)
            settle_place(salted_home(root, self._config), self._url)
        return Home(root)

    def apply(self) -> None:
        """A person brings the config into force."""
        home = self.home("person")
        database = open_database(home)
        with closing(database), closing(open_store_to_append(home, ANN.actor)) as store:
            ledger = Ledger(store)
            ledger.refresh()
            apply_config(ledger, database, config_to_apply(home), ANN)

    def start(self, name: str) -> Served:
        """Start a node."""
        served = self.served[name] = Served(self.home(name).root, {VARIABLE: name})
        return served

    def entries(self, *types: type[v.Payload]) -> list[Entry]:
        """The ledger, or those entries of it that have one of the types."""
        wanted = {each.TYPE for each in types}
        with closing(open_store_to_append(self.home("person"), ANN.actor)) as store:
            store.refresh()
            return [entry for entry in store.read(0) if not wanted or entry.type in wanted]

    def leader(self) -> str:
        """The node that was elected last."""
        return str(v.payload(self.entries(v.LeaderElected)[-1]).node)

    def close(self) -> None:
        """Kill all that serve."""
        for served in self.served.values():
            served.__exit__()
