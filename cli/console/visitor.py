"""Who asks for a page, and what that person may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scheduler.entry_members import TOKEN_ROLES, TokenRole
from scheduler.ownership.actor import ActingAs, acting_party
from scheduler.rules.approvals.persons import Party, is_asked_by

if TYPE_CHECKING:
    from scheduler.home import Home
    from scheduler.rules.approvals.pending_change import PendingChange

Role = TokenRole
"""What somebody may do.

`view`: read everything; `operate`: run, cancel, retry, enable, disable, backfill; `approve`: approve what others
changed; `admin`: all of these.
"""

ROLES: Final[tuple[Role, ...]] = TOKEN_ROLES


class Visitor(NamedTuple):
    """Who asks for a page.

    Attributes:
        name: as it is shown: of the peer's user, of a token, of whom a proxy vouches for.
        actor: as it stands in entries: `user:NAME@HOST` or `token:NAME`.
        roles: what that person may do.
        acting: as whom the person is recorded; None: as the user of this process.
        session: the name of the session of a browser that signed in; empty if it did not have to.
    """

    name: str
    actor: str
    roles: frozenset[Role]
    acting: ActingAs | None = None
    session: str = ""

    @property
    def person(self) -> str:
        """What tells people apart: those of whom a proxy speaks share the actor, which is the console's user."""
        return f"{self.actor} {self.name}"

    def may(self, role: Role) -> bool:
        """Whether that is allowed; an admin may all, and whoever may anything may look."""
        return role in self.roles or "admin" in self.roles or (role == "view" and bool(self.roles))

    def party(self, home: Home, mark: str) -> Party:
        """The same for the rules about approval.

        Args:
            home: that is served.
            mark: what its runs carry; see `State.mark`.
        """
        return acting_party(home, mark) if self.acting is None else self.acting.party

    def asked_for(self, change: PendingChange, party: Party) -> bool:
        """Whether it is known that this visitor asked for a change; those of whom a proxy speaks share a user."""
        is_proxied = self.acting is not None and bool(self.acting.claims.proxy)
        return not is_proxied and is_asked_by(change, self.actor, party)
