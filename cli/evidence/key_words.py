"""What is said of a key and of those who can use it."""

from __future__ import annotations

from cli.terminal.console import note
from cli.terminal.tables import Cell, details
from scheduler.evidence.keys.exposure import Exposure, exposure
from scheduler.evidence.keys.key_place import KeyPlace


def place_words(place: KeyPlace) -> str:
    """Where the private key is."""
    return str(place.file) if place.file is not None else f"behind the command {' '.join(place.command)}"


def exposure_cell(found: Exposure) -> Cell:
    """Who can use the key, and what it guards against therefore."""
    match found:
        case "command":
            return Cell("whether the jobs can have it sign is a matter of that command", "dim")
        case "missing":
            return Cell("it is not there, or not to be seen: nothing is signed without it", "bad")
        case "others":
            return Cell("other users may read it, so it is not used: `chmod 600` takes that from them", "bad")
        case "jobs":
            return Cell(
                "the user of the jobs can read it: it guards against accidents, not against jobs or the operator",
                "warn",
            )


def tell_new_key(public: str, place: KeyPlace) -> None:
    """Show a key that was made just now, and say what to do with both halves."""
    details(
        [
            ("public key", public),
            ("private key", [place_words(place), exposure_cell(exposure(place))]),
        ]
    )
    note("Give the public key to those who verify, and keep a copy of the private one elsewhere.")
