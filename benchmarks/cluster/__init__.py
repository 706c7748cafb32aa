"""A ledger in a database, and three nodes on it, on one machine: PostgreSQL, with its flushes to the disk.

The database and all nodes share the machine's processors and its disk, so that the figures are those of the smallest
cluster there can be; what they are compared with stands in the same place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import Bench
from benchmarks.cluster import appends, embedded_herd, failover, many_jobs, visibility
from benchmarks.figures import Line
from tests.support.cluster.cluster import Cluster
from tests.support.postgresql import Server

NAMES = ("a", "b", "c")


def run(bench: Bench) -> list[Line]:
    """Measure all of it: what speaks of a quiet ledger first, and what fills it last."""
    lines: list[Line] = []
    with _server(bench) as server:
        with _cluster(bench, server, "appends") as cluster:
            lines += appends.run(bench, cluster)
        with _cluster(bench, server, "nodes") as cluster:
            with cluster.serving():
                lines += visibility.run(bench, cluster)
                lines += failover.run(bench, cluster)
            lines += many_jobs.run(bench, cluster)
    return lines + embedded_herd.run(bench)


@contextmanager
def _server(bench: Bench) -> Iterator[Server]:
    bench.folder.chmod(0o711)  # the server's user has to come through
    server = Server.create(durable=True, place=bench.folder)
    try:
        server.start(autovacuum="on", shared_buffers="128MB", max_wal_size="4GB")
        yield server
    finally:
        server.remove()


@contextmanager
def _cluster(bench: Bench, server: Server, room: str) -> Iterator[Cluster]:
    """Three homes and a database without jobs; the database is gone afterwards."""
    with bench.room(room) as folder:
        cluster = Cluster(folder, server, NAMES)
        cluster.create("jobs: {}\n")
        try:
            yield cluster
        finally:
            cluster.record.close()
            server.execute(f"DROP DATABASE {cluster.database} WITH (FORCE)")
