"""Who asks for a page, and what that person may do."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

Role = Literal["view", "operate", "approve", "admin"]
"""What somebody may do.

`view`: read everything; `operate`: run, cancel, retry, enable, disable, backfill; `approve`: approve what others
changed; `admin`: all of these.
"""

ROLES: Final[tuple[Role, ...]] = get_args(Role)


class Visitor(NamedTuple):
    """Who asks for a page.

    Attributes:
        name: as it is shown: of the peer's user, of a token, of whom a proxy vouches for.
        actor: as it stands in entries: `user:NAME@HOST` or `token:NAME`.
        roles: what that person may do.
    """

    name: str
    actor: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether that is allowed; an admin may all, and whoever may anything may look."""
        return role in self.roles or "admin" in self.roles or (role == "view" and bool(self.roles))
