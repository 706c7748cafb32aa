"""`DatabaseUnavailable`: why the database cannot be used now, or not as it is."""

from __future__ import annotations

from typing import Literal

from eventstore.errors import Unavailable

Reason = Literal[
    "unreachable",  # no answer in time, no such host, connection refused or lost
    "starting",  # it starts, stops, or has no connection to spare
    "unknown_host",  # the name has no address
    "no_database",
    "wrong_password",
    "not_allowed",  # its rules of who may connect how (pg_hba.conf) name no such case
    "without_tables",
    "unfinished",  # the tables are there, and no ledger in them
    "without_rights",
    "read_only",
    "replica",
    "full",  # no room on its disk
    "newer_schema",
    "older_schema",
    "entry_in_the_way",  # an entry stands behind the head: it was altered by hand
    "too_old",  # a PostgreSQL before 14
    "refused",  # anything else that it said
]


class DatabaseUnavailable(Unavailable):
    """The database cannot be used, and nothing was changed.

    Attributes:
        address: of the database, without a password.
        reason: what kind of thing is wrong.
        detail: what it, or the system, said about it.
    """

    def __init__(self, address: str, reason: Reason, detail: str) -> None:
        self.address, self.reason, self.detail = address, reason, detail
        super().__init__(f"{address}: {detail}")

    def __reduce__(self) -> tuple[type[DatabaseUnavailable], tuple[str, Reason, str]]:
        """How it is passed from one process to another."""
        return type(self), (self.address, self.reason, self.detail)


_REASONS: dict[str, Reason] = {
    "3D000": "no_database",
    "3F000": "without_tables",
    "42P01": "without_tables",
    "42703": "without_tables",
    "42501": "without_rights",
    "25006": "read_only",
    "53100": "full",
    "53200": "starting",
    "53300": "starting",
    "53400": "starting",
    "28000": "not_allowed",
    "28P01": "wrong_password",
    "23505": "entry_in_the_way",
    "57014": "unreachable",
    "55P03": "unreachable",
    "40001": "unreachable",
    "40P01": "unreachable",
}


def reason_of(sqlstate: str) -> Reason:
    """What kind of thing an SQLSTATE says is wrong."""
    if sqlstate.startswith("57P"):
        return "starting"
    return _REASONS.get(sqlstate, "refused")
