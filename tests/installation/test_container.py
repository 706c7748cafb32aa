"""What the container's files promise, as far as it can be seen without an engine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import yaml

from cli.main import cronledger
from tests.support.command_tree import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = (ROOT / "container" / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "container" / "compose.yaml").read_text(encoding="utf-8"))


def test_the_image_runs_as_nobody_in_particular() -> None:
    """The last user is not root, and is a number, by which an engine can tell."""
    assert re.findall(r"^USER (.+)$", CONTAINERFILE, flags=re.MULTILINE)[-1] == "10001:10001"


def test_what_the_image_calls_is_there() -> None:
    """The health check and the scheduler are commands with these options, and each file that is copied exists."""
    words = json.loads(re.findall(r"^HEALTHCHECK .* CMD (\[.+\])$", CONTAINERFILE, flags=re.MULTILINE)[0])
    command, _ = COMMANDS[" ".join(words[:2])]
    assert words[2] in {name for parameter in command.params for name in parameter.opts}
    assert 'ENTRYPOINT ["cronledger"]\nCMD ["serve"]' in CONTAINERFILE
    for copied in re.findall(r"^COPY (requirements\S+) (requirements\S+)", CONTAINERFILE, flags=re.MULTILINE)[
        0
    ]:
        assert (ROOT / copied).is_file()


def test_each_service_is_shut_in() -> None:
    """Read-only, without capabilities, on the same home; and a stop waits longer than the engine would."""
    for name, service in COMPOSE["services"].items():
        assert service["read_only"], name
        assert (service["cap_drop"], service["tmpfs"]) == (["ALL"], ["/tmp"]), name
        assert service["volumes"] == ["home:/srv/jobs"], name
        assert service["command"][0] in cronledger.list_commands(click.Context(cronledger)), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    assert COMPOSE["services"]["scheduler"]["stop_grace_period"] == "90s"
