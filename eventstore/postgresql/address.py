"""`DatabaseAddress`: a `postgresql://` URL, read without psycopg and without asking anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote

from eventstore.errors import LedgerError

SCHEMES = ("postgresql://", "postgres://")
PARAMETERS = frozenset(
    {
        "application_name", "channel_binding", "gssencmode", "host", "hostaddr", "keepalives", "keepalives_count",
        "keepalives_idle", "keepalives_interval", "krbsrvname", "passfile", "port", "require_auth", "requirepeer",
        "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcrl", "sslcrldir",
        "sslkey", "sslmode", "sslnegotiation", "sslrootcert", "sslsni", "tcp_user_timeout",
    }
)  # fmt: skip
"""What may stand behind the `?`: what says how to connect, never what changes a session."""
SECRET_PARAMETERS = frozenset(
    {"password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"}
)

AddressProblem = Literal["scheme", "password", "database", "parameter", "form"]


class BadAddress(LedgerError):
    """A URL that names no database, or holds what it must not.

    Attributes:
        problem: what is wrong: its beginning (`scheme`), a password in it, a database that it does not name, a
            parameter that it may not have, or how it is made (`form`).
        what: the part that is wrong; never a password.
    """

    def __init__(self, problem: AddressProblem, what: str) -> None:
        self.problem, self.what = problem, what
        super().__init__(f"not the address of a database ({problem}): {what}")


@dataclass(frozen=True)
class Host:
    """One place at which the database may be: a name or address, or the folder of a socket; and a port."""

    name: str
    port: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a socket on this machine."""
        return self.name.startswith(("/", "@"))


@dataclass(frozen=True)
class DatabaseAddress:
    """Where a database is.

    Attributes:
        hosts: where to look, in this order; empty: where libpq looks by itself (`PGHOST`, the usual socket).
        database: its name.
        user: the role to connect as; None: what libpq chooses (`PGUSER`, the system's user).
        parameters: how to connect, by libpq's names.
    """

    hosts: tuple[Host, ...]
    database: str
    user: str | None
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> str:
        """The URL, for people."""
        places = ",".join(
            _shown_host(host.name) + (f":{host.port}" if host.port else "")
            for host in self.hosts
            if not host.is_folder
        )
        folders = [("host", host.name) for host in self.hosts if host.is_folder]
        folders += [("port", host.port) for host in self.hosts if host.is_folder and host.port]
        who = "" if self.user is None else f"{quote(self.user, safe='')}@"
        more = "&".join(f"{name}={quote(value, safe='/')}" for name, value in (*folders, *self.parameters))
        return f"postgresql://{who}{places}/{quote(self.database, safe='')}" + (f"?{more}" if more else "")

    def as_user(self, user: str) -> DatabaseAddress:
        """The same database, as another role."""
        return DatabaseAddress(self.hosts, self.database, user, self.parameters)


def parse_address(url: str) -> DatabaseAddress:
    """Read a URL.

    Raises:
        BadAddress: it is none, names no database, or holds a password.
    """
    scheme = next((each for each in SCHEMES if url.startswith(each)), None)
    if scheme is None:
        raise BadAddress(
            "scheme", url.partition("://")[0] if "://" in url else "no postgresql:// at its beginning"
        )
    rest, _, query = url.removeprefix(scheme).partition("?")
    place, slash, database = rest.partition("/")
    who, _, where = place.rpartition("@")
    user, colon, _ = who.partition(":")
    # Behind a / or ? in it, a password that was not escaped is all that comes before the last @.
    if colon or (not who and ":" in where and "@" in rest + query):
        raise BadAddress("password", "a password stands before the @")
    if "#" in url:
        raise BadAddress("form", "#")
    parameters = dict(_parameters(query))
    if not slash or not database or "/" in database:
        raise BadAddress("database", "no name of a database behind the host")
    names = [_host_and_port(each) for each in where.split(",")] if where else []
    names += _hosts_of_parameters(parameters) if not names else []
    return DatabaseAddress(
        hosts=tuple(Host(name, port) for name, port in names),
        database=unquote(database),
        user=unquote(user) or None,
        parameters=tuple(sorted(parameters.items())),
    )


def _parameters(query: str) -> list[tuple[str, str]]:
    """What stands behind the `?`."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise BadAddress("form", "what stands behind the ?") from None
    for name, _ in pairs:
        if name in SECRET_PARAMETERS:
            raise BadAddress("password", name)
        if name not in PARAMETERS:
            raise BadAddress("parameter", name)
    return pairs


def _host_and_port(text: str) -> tuple[str, str]:
    """`host:port`, `[::1]:port`, a socket's folder with its slashes as %2F."""
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise BadAddress("form", text)
        return name, _port(port[1:])
    name, _, port = text.partition(":")
    return unquote(name), _port(port)


def _port(text: str) -> str:
    """A number of a port, or nothing."""
    if text and not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise BadAddress("form", f"port {text}")
    return text


def _hosts_of_parameters(parameters: dict[str, str]) -> list[tuple[str, str]]:
    """`?host=…&port=…`, which is how a socket's folder is mostly written; they are taken out of the parameters."""
    names = [name for name in parameters.pop("host", "").split(",") if name]
    ports = parameters.pop("port", "").split(",")
    if len(ports) not in (1, len(names)):
        raise BadAddress("form", "as many ports as hosts, or one")
    return [(name, _port(ports[at if len(ports) > 1 else 0])) for at, name in enumerate(names)]


def _shown_host(name: str) -> str:
    """An address of version 6 stands in brackets."""
    return f"[{name}]" if ":" in name else name
