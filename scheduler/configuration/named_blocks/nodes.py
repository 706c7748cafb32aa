"""The block `nodes:`: the machines that share a ledger, by name."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.job import read_block
from scheduler.configuration.keys.nodes import NODE_KEYS
from scheduler.configuration.named_blocks.named import NamedKind, read_named
from scheduler.configuration.yaml_tree.problems import Problems
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar
from scheduler.rules.nodes.node_settings import NodeSettings

_NODES: Final = NamedKind("node", "db1", "a mapping of its keys, such as {labels: [db]}", 1_000)


def read_nodes(node: Node, problems: Problems) -> dict[str, NodeSettings | None]:
    """The nodes of a config by name, None for one that is wrong.

    Args:
        node: What stands under `nodes`.
        problems: Where mistakes are noted.
    """

    def read(key: Scalar, written: Mapping, path: str) -> NodeSettings:  # noqa: ARG001 - its name is its key
        return NodeSettings(**read_block(written, NODE_KEYS, problems, path, "a node").values)

    return read_named(node, _NODES, problems, read)
