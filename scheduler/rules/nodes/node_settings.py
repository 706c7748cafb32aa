"""What the config says of nodes: the same in every home, so that each finds itself there by its name."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class NodeSettings(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A node in the block `nodes:`.

    Attributes:
        labels: what jobs may ask for by `runs_on`, besides its name, in order.
        max_parallel: how many runs it takes at once; None: as many as the scheduler block says.
    """

    labels: tuple[str, ...] = ()
    max_parallel: int | None = None


def node_settings(
    nodes: Mapping[str, NodeSettings], name: str, max_parallel: int
) -> tuple[tuple[str, ...], int]:
    """The labels of a node, and how many runs it takes at once.

    Args:
        nodes: the block of the config.
        name: of the node; one that is not there has no label but its name.
        max_parallel: of the scheduler block.
    """
    found = nodes.get(name, NodeSettings())
    return found.labels, max_parallel if found.max_parallel is None else found.max_parallel
