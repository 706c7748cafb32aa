"""Who a request is from, as far as something vouches for that."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Final

from starlette.requests import HTTPConnection

from cli.console.access.new_token import token_digest
from cli.console.access.peer import PEER, Peer
from cli.console.access.policy import Policy
from cli.console.access.rate_limit import RateLimit
from cli.console.access.sessions import COOKIE, Sessions
from cli.console.site import Site
from cli.console.visitor import ROLES, Visitor
from cli.http.places import person_at
from scheduler.entry_members import Claims
from scheduler.ownership.actor import ActingAs, peer, person
from scheduler.ownership.home_owner import user_name
from scheduler.rules.access.token import Token
from scheduler.rules.approvals.persons import ROOT, Party

_NAME_CHARS_MAX: Final = 100
_PROXIES_MAX: Final = 10
_ADDRESS_CHARS_MAX: Final = 50
_BEARER: Final = "bearer "


class Credentials:
    """Finds out who asks.

    Args:
        site: whose ledger knows the tokens.
        policy: who may come in.
        sessions: of the browsers that signed in.

    Attributes:
        wrong: how often somebody may show a token that is not good; who has a good one is never kept waiting by what
            others of the same address try.
    """

    def __init__(self, site: Site, policy: Policy, sessions: Sessions) -> None:
        self._site, self._policy, self.sessions = site, policy, sessions
        self.wrong = RateLimit(burst=10, per_s=0.2)
        self._tokens: tuple[int, dict[str, Token]] = (-2, {})

    def visitor(self, connection: HTTPConnection) -> Visitor | None:
        """Who asks; None if nothing vouches for anybody.

        Raises:
            LedgerError: the ledger, which knows the tokens, cannot be read.
        """
        if self._policy.local:
            return self._peer(connection.scope.get("state", {}).get(PEER))
        given = connection.headers.get("authorization", "")
        if given[: len(_BEARER)].lower() == _BEARER:
            return self._holder(token_digest(given[len(_BEARER) :].strip()))
        said = connection.headers.getlist(self._policy.proxy_header)
        if said and self.is_proxy(connection):
            # Of two names one may be the visitor's own: a proxy that appends does not know its place.
            return self._proxied(said[0]) if len(said) == 1 else None
        session = connection.cookies.get(COOKIE, "")
        return self._holder(self.sessions.token_of(session), session) if session else None

    def is_proxy(self, connection: HTTPConnection) -> bool:
        """Whether a request comes from the address of a proxy."""
        return connection.client is not None and connection.client.host in self._policy.proxies

    def whose(self, connection: HTTPConnection) -> str:
        """Whose tries a request counts as: of an address or of a user of this machine.

        A proxy says whose it is, as the last one in the list to which each proxy appends; what stands before that may
        be the visitor's own.
        """
        peer: Peer | None = connection.scope.get("state", {}).get(PEER)
        if peer is not None:
            return f"uid {peer.uid}"
        address = "" if connection.client is None else connection.client.host
        if self.is_proxy(connection):
            listed = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")[-_PROXIES_MAX:]
            others = (each for each in map(str.strip, reversed(listed)) if each not in self._policy.proxies)
            address = next(others, "")[:_ADDRESS_CHARS_MAX] or address
        return person_at(address)

    def key(self, connection: HTTPConnection) -> str:
        """What tells apart who asks, so that the answer may be remembered for a moment, in memory alone."""
        if self._policy.local:
            return f"peer {connection.scope.get('state', {}).get(PEER)}"
        address = "" if connection.client is None else connection.client.host
        said = connection.headers.getlist(self._policy.proxy_header) if self.is_proxy(connection) else []
        proxied, session = "\n".join(said), connection.cookies.get(COOKIE, "")
        return "\0".join((address, connection.headers.get("authorization", ""), proxied, session))

    def token(self, text: str) -> Token | None:
        """The token that somebody has, if it is good."""
        digest = token_digest(text)
        return None if digest is None else self._good(digest)

    def _peer(self, found: Peer | None) -> Visitor | None:
        """The user at the other end of the socket: the home's owner, or root."""
        if found is None or found.uid not in (0, os.geteuid(), self._policy.owner):
            return None
        with self._site.look() as view:
            acting = peer(found.pid, found.uid, view.state.mark)
        return Visitor(acting.actor.removeprefix("user:"), acting.actor, frozenset({"admin"}), acting)

    def _holder(self, digest: str | None, session: str = "") -> Visitor | None:
        token = None if digest is None else self._good(digest)
        if token is None:
            return None
        roles = frozenset(role for role in ROLES if role in token.scopes)
        actor = f"token:{token.name}"
        # The console's uid is the fact; whose token it is, the ledger says.
        # Whoever made a token may have it: for the rules about two people it may be the same person.
        maker = token.actor.removeprefix("user:").rpartition("@")[0] or token.actor
        # Root makes them for others, and could be anybody anyway.
        claimed = () if maker == ROOT else (maker,)
        acting = ActingAs(actor, Claims(uid=os.getuid()), Party(name=actor, claimed=claimed))
        return Visitor(token.name, actor, roles, acting, session)

    def _proxied(self, name: str) -> Visitor | None:
        if not name or len(name) > _NAME_CHARS_MAX or not name.isprintable():
            return None
        own = user_name(os.getuid())
        acting = ActingAs(person(), Claims(proxy=name, uid=os.getuid()), Party(name=own, claimed=(name,)))
        return Visitor(name, acting.actor, self._policy.proxy_roles, acting)

    def _good(self, digest: str) -> Token | None:
        """The token of that digest, unless it was revoked or has expired."""
        seq = self._site.head_seq()
        if self._tokens[0] != seq:
            self._tokens = (seq, self._site.tokens())
        token = self._tokens[1].get(digest)
        return token if token is not None and token.is_good(datetime.now(UTC)) else None
