"""`ledger key show`: which key signs the ledger, and where it is."""

from __future__ import annotations

import click

from cli.app.json_output import json_option, show_json
from cli.evidence.key_words import exposure_cell, place_words
from cli.evidence.settings import ledger_settings
from cli.evidence.signing_failures import no_key
from cli.home.open import to_read
from cli.terminal.tables import Value, details
from scheduler.home import Home


@click.command("show", epilog="Example: cronledger ledger key show --json")
@json_option
@click.pass_obj
def key_show(home: Home, as_json: bool) -> None:
    """Show the public key of the ledger, since which entry it signs, and who can use the private one.

    Only public keys are ever shown. They are what the ledger says: whoever verifies needs them from elsewhere.
    """
    from scheduler.evidence.keys.exposure import exposure
    from scheduler.evidence.keys.key_place import key_place

    place = key_place(home, ledger_settings(home))
    found = exposure(place)
    with to_read(home, quiet=True) as view:
        evidence = view.state.evidence
    if evidence is None:
        raise no_key()
    if as_json:
        show_json(
            {
                "vkey": evidence.vkey,
                "key_id": evidence.key_id,
                "origin": evidence.origin,
                "entry": evidence.key_seq,
                "former_keys": evidence.former_keys,
                "file": None if place.file is None else str(place.file),
                "command": list(place.command) or None,
                "usable_by": found,
            }
        )
        return
    facts: list[tuple[str, Value]] = [
        ("public key", evidence.vkey),
        ("signs since", f"entry {evidence.key_seq}"),
        ("private key", [place_words(place), exposure_cell(found)]),
    ]
    if evidence.former_keys:
        facts.append(("before it", [*evidence.former_keys]))
    details(facts)
