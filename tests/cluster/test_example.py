"""The example for containers: what it names is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from scheduler.configuration.load import parse
from tests.support.command import call

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "several-machines"
COMPOSE: dict[str, Any] = yaml.safe_load((EXAMPLE / "compose.yaml").read_text(encoding="utf-8"))
NODES = ("one", "two", "three")


def test_its_config_is_valid_and_its_store_is_the_service() -> None:
    """The config is read without a mistake, and the host in its address is the compose file's database."""
    text = (EXAMPLE / "config.yaml").read_bytes()
    assert set(parse(text, Path("config.yaml")).jobs) == {"pulse", "backup"}
    host = re.search(rb"postgresql://ledger@(\w+)/(\w+)", text)
    assert host is not None
    assert host[1].decode() in COMPOSE["services"]
    assert host[2].decode() == COMPOSE["services"]["database"]["environment"]["POSTGRES_DB"]


def test_its_commands_are_cronledgers() -> None:
    """Each command that a service runs is one, with its options."""
    for service in ("create", "apply"):
        command = COMPOSE["services"][service]["command"]
        words = [word for word in command if "://" not in word]
        assert call(*words, "--help").code == 0, command


def test_each_node_has_a_name_and_a_place_of_its_own() -> None:
    """No two nodes share a name or a volume, and all have the same config."""
    nodes = [COMPOSE["services"][name] for name in NODES]
    assert [node["environment"]["CRONLEDGER_NODE"] for node in nodes] == list(NODES)
    places = [node["volumes"][0].partition(":")[0] for node in nodes]
    assert len(set(places)) == len(NODES)
    assert set(places) <= set(COMPOSE["volumes"])
    assert len({node["volumes"][1] for node in nodes}) == 1


def test_the_files_that_it_names_are_there() -> None:
    """What is mounted or built stands beside it; passwords do not."""
    mounted = [volume for node in COMPOSE["services"].values() for volume in node.get("volumes", ())]
    files = {volume.partition(":")[0] for volume in mounted if volume.startswith("./")}
    assert files
    assert all((EXAMPLE / name).is_file() for name in files)
    assert (ROOT / COMPOSE["x-node"]["build"]["dockerfile"]).is_file()
    assert re.findall(r"^(\w+)=(.*)$", (EXAMPLE / "passwords.example").read_text(), re.MULTILINE) == [
        ("KEEPER_PASSWORD", ""),
        ("LEDGER_PASSWORD", ""),
    ]
