"""`cronledger schema`: what a config may hold, for editors."""

from __future__ import annotations

import json

import click

from cli.terminal.console import out


@click.command(epilog="Example: cronledger schema > services/scheduler/config.schema.json")
def schema() -> None:
    """Print the JSON Schema of the config, for editors.

    An editor that knows it completes keys, says what each means, and marks what is misspelt. It marks nothing that
    check accepts. Editors with the YAML language server find it by a comment at the top of the config:
    docs/config-files.md tells which.
    """
    from scheduler.configuration.json_schema.config_schema import config_schema

    out(json.dumps(config_schema(), indent=2, ensure_ascii=False))
