from __future__ import annotations

from pathlib import Path

import click
import pytest

from cli.main import cronledger
from scheduler.home import Home
from tests.support.home import write_config

CONFIG = """
channels: {mail: {email: ops@example.org}, pager: {webhook: "https://pager.example/in"}}
jobs:
  nightly: {command: x, every: 1h, tags: [night, prod]}
  noon: {command: x, every: 1d, tags: prod}
"""


@pytest.mark.parametrize(
    ("words", "parameter", "typed", "known"),
    [
        ("jobs show", "name", "n", ["nightly", "noon"]),
        ("jobs show", "name", "no", ["noon"]),
        ("jobs list", "tags", "", ["night", "prod"]),
        ("notify test", "name", "m", ["mail"]),
    ],
)
@pytest.mark.parametrize("config", [CONFIG, "jobs: ["])
def test_the_shell_completes_what_the_config_has(
    tmp_path: Path, words: str, parameter: str, typed: str, known: list[str], config: str
) -> None:
    """Of a config that cannot be read nothing, without a word: somebody is typing."""
    write_config(tmp_path, config)
    context = click.Context(cronledger, obj=Home(tmp_path))
    command: click.Command = cronledger
    for word in words.split():
        assert isinstance(command, click.Group)
        found = command.get_command(context, word)
        assert found is not None
        command = found
    (option,) = (each for each in command.params if each.name == parameter)
    offered = [item.value for item in option.type.shell_complete(context, option, typed)]
    assert offered == (known if config == CONFIG else [])
