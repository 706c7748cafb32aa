"""Who asks for a page, and what that person may do."""

from __future__ import annotations

from typing import Final, NamedTuple

from scheduler.entry_members import TOKEN_ROLES, TokenRole
from scheduler.ownership.actor import ActingAs

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
