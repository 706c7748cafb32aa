"""The value of `ledger: store:`: the database that the ledger is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.values import text
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node

if TYPE_CHECKING:
    from eventstore.postgresql.address import AddressProblem

OWN: Final = "the home itself"
STORE_TAKES: Final = "the address of a PostgreSQL database, such as postgresql://ledger@db.example/cronledger"
_BYTES_MAX: Final = 2_000


@of_form(written_form.TEXT)
def store(node: Node) -> str:
    """The address, as it is shown everywhere: never with a password."""
    # Only a home on a database pays for this.
    from eventstore.postgresql.address import BadAddress, parse_address

    written = text(node, STORE_TAKES)
    if len(written) > _BYTES_MAX:
        raise InvalidValue(f"this takes {STORE_TAKES}, not {len(written):,} characters")
    try:
        return parse_address(written).shown
    except BadAddress as bad:
        raise InvalidValue(_WORDS[bad.problem].format(what=bad.what)) from None


_WORDS: Final[dict[AddressProblem, str]] = {
    "scheme": f"this takes {STORE_TAKES}",
    "password": "this holds a password ({what}), which is not written into the config: put it into ~/.pgpass, or "
    "into the variable PGPASSWORD",
    "database": "this names no database ({what}): postgresql://USER@HOST/NAME",
    "parameter": "{what} is not for the address: behind the ? stands how to connect, such as sslmode",
    "form": "this is no address of a database: {what}",
}
