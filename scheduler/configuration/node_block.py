"""The block `nodes:`: the machines that share a ledger, by name."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.job import read_block
from scheduler.configuration.keys.names import word_name
from scheduler.configuration.keys.nodes import NODE_KEYS
from scheduler.configuration.keys.values import mapping
from scheduler.configuration.yaml_tree.problems import InvalidValue, Problems
from scheduler.configuration.yaml_tree.tree import Node, Scalar
from scheduler.rules.nodes.node_settings import NodeSettings

NODES_MAX: Final = 1_000


def read_nodes(node: Node, problems: Problems) -> dict[str, NodeSettings | None]:
    """The nodes of a config by name, None for one that is wrong.

    Args:
        node: What stands under `nodes`.
        problems: Where mistakes are noted.
    """
    try:
        entries = mapping(node, "a mapping from the name of each node to its keys").entries
    except InvalidValue as invalid:
        problems.take(invalid, node, "nodes")
        return {}
    if len(entries) > NODES_MAX:
        problems.add(node, f"these are {len(entries)} nodes: a config has at most {NODES_MAX}", key="nodes")
        return {}
    return {name: _node(key, body, problems) for name, (key, body) in entries.items()}


def _node(key: Scalar, body: Node, problems: Problems) -> NodeSettings | None:
    before, path = problems.noted, f"nodes.{key.text}"
    try:
        word_name(key, "node", "db1", key=True)
    except InvalidValue as invalid:
        problems.take(invalid, key, path)
    try:
        written = mapping(body, "a mapping of its keys, such as {labels: [db]}")
    except InvalidValue as invalid:
        problems.take(invalid, body, path)
        return None
    found = read_block(written, NODE_KEYS, problems, path, "a node")
    return NodeSettings(**found.values) if problems.noted == before else None
