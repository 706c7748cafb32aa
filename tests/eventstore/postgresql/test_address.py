"""Addresses of databases: what they may hold, and that nothing secret is shown."""

from __future__ import annotations

import subprocess
import sys

import pytest

from eventstore.postgresql.address import BadAddress, Host, parse_address


@pytest.mark.parametrize(
    ("url", "hosts", "database", "user"),
    [
        ("postgresql://ledger@db.example/cronledger", [("db.example", "")], "cronledger", "ledger"),
        ("postgres://db.example:5433/c", [("db.example", "5433")], "c", None),
        ("postgresql://u@[::1]:5433,b/c", [("::1", "5433"), ("b", "")], "c", "u"),
        ("postgresql://a%40b@h/c%2Fd", [("h", "")], "c/d", "a@b"),
        ("postgresql://u@/c?host=/run/pg&port=5433", [("/run/pg", "5433")], "c", "u"),
        ("postgresql://u@%2Frun%2Fpg:5433/c", [("/run/pg", "5433")], "c", "u"),
        ("postgresql:///c", [], "c", None),
        ("postgresql:///c?host=@pg", [("@pg", "")], "c", None),
        ("postgresql://u@/c?host=a,b&port=1,2", [("a", "1"), ("b", "2")], "c", "u"),
        ("postgresql://u@/c?host=a,b&port=1", [("a", "1"), ("b", "1")], "c", "u"),
    ],
)
def test_addresses(url: str, hosts: list[tuple[str, str]], database: str, user: str | None) -> None:
    """Hosts with ports, sockets, several of them; and what is shown reads as the same."""
    address = parse_address(url)
    assert address.hosts == tuple(Host(*host) for host in hosts)
    assert (address.database, address.user) == (database, user)
    assert parse_address(address.shown) == address


def test_how_to_connect_stands_behind_the_question_mark() -> None:
    """It is passed on to libpq, and shown."""
    address = parse_address("postgresql://u@h/c?sslmode=verify-full&sslrootcert=/etc/ca.pem")
    assert address.parameters == (("sslmode", "verify-full"), ("sslrootcert", "/etc/ca.pem"))
    assert address.shown == "postgresql://u@h/c?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    assert (
        address.as_user("admin").shown == "postgresql://admin@h/c?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    )


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://u:hunter2@h/c", "password"),
        ("postgresql://u:@h/c", "password"),
        ("postgresql://u:hunter2/x@h/c", "password"),
        ("postgresql://u:x/hunter2@h/c", "password"),
        ("postgresql://u:x?hunter2=@h/c", "password"),
        ("postgresql://u:x#hunter2@h/c", "password"),
        ("postgresql://u@h/c?password=hunter2", "password"),
        ("postgresql://u@h/c?sslpassword=hunter2", "password"),
        ("postgresql://u@h/c?sslmode=require&password=hunter2", "password"),
        ("mysql://u@h/c", "scheme"),
        ("h/c", "scheme"),
        ("host=h dbname=c password=hunter2", "scheme"),
        ("postgresql://u@h", "database"),
        ("postgresql://u@h/", "database"),
        ("postgresql://u@h/c/hunter2", "database"),
        ("postgresql://u@h:x/c", "form"),
        ("postgresql://u@h:0/c", "form"),
        ("postgresql://u@h:65536/c", "form"),
        ("postgresql://u@[::1/c", "form"),
        ("postgresql://u@h/c#hunter2", "form"),
        ("postgresql://u@h/c?hunter2", "form"),
        ("postgresql://u@/c?host=a,b&port=1,2,3", "form"),
        ("postgresql://u@h/c?options=-c%20synchronous_commit%3Doff", "parameter"),
        ("postgresql://u@h/c?target_session_attrs=any", "parameter"),
    ],
)
def test_what_is_no_address(url: str, problem: str) -> None:
    """What is wrong is told, a password never."""
    with pytest.raises(BadAddress) as caught:
        parse_address(url)
    assert caught.value.problem == problem
    assert "hunter2" not in str(caught.value)


def test_an_address_is_read_without_psycopg() -> None:
    """A home that is not on a database never loads it, nor one that only looks where it is."""
    program = (
        "import sys, eventstore.postgresql.address, eventstore.postgresql.refusal;"
        "print([name for name in sys.modules if 'psycopg' in name or name == 'socket'])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
