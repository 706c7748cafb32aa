"""What others wrote and pages load: the bytes on record, with their licences, and nothing beside them."""

from __future__ import annotations

import hashlib

from cli.console.static_files import FOLDER
from cli.console.vendored import VENDORED


def test_vendored_files_have_their_digests_and_licences() -> None:
    """Each file is the published one, byte for byte; there is no other, and each package's licence is there."""
    folder = FOLDER / "vendor"
    assert {path.name for path in folder.iterdir()} == {each.name for each in VENDORED}
    for each in VENDORED:
        assert hashlib.sha256((folder / each.name).read_bytes()).hexdigest() == each.sha256, each.name
    licensed = {each.package for each in VENDORED if each.member == "LICENSE"}
    assert licensed == {each.package for each in VENDORED}
    assert len({(each.package, each.version) for each in VENDORED}) == len(licensed)
