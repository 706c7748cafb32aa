"""`python -m tests.cli.console.vendoring [PACKAGE@VERSION…]`: take the vendored files from the npm registry.

Without arguments the versions stay: the files are taken again and must have the digests on record. With
`htmx.org@2.1.0` that version is taken, and its files, versions and digests are put on record. Look at the change
before you commit it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import sys
import tarfile
import urllib.request
from pathlib import Path

from cli.console import vendored
from cli.console.static_files import FOLDER
from cli.console.vendored import VENDORED, Vendored

_REGISTRY = "https://registry.npmjs.org"
_DEADLINE_S = 60


def _asked(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_DEADLINE_S) as answer:
        return bytes(answer.read())


def _package(name: str, version: str) -> tarfile.TarFile:
    """A package as the registry has it, its bytes held against the digest that the registry tells."""
    told = json.loads(_asked(f"{_REGISTRY}/{name}/{version}"))["dist"]
    packed = _asked(told["tarball"])
    digest = "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()
    if digest != told["integrity"]:
        sys.exit(f"{name} {version}: the registry tells {told['integrity']}, its file has {digest}")
    return tarfile.open(fileobj=io.BytesIO(packed))


def _taken(each: Vendored, version: str, opened: tarfile.TarFile) -> str:
    """Put a file in its place; its digest."""
    member = opened.extractfile(f"package/{each.member}")
    assert member is not None, f"{each.package} has no {each.member}"
    content = member.read()
    digest = hashlib.sha256(content).hexdigest()
    if version == each.version and digest != each.sha256:
        sys.exit(f"{each.package} {version}: {each.member} has the digest {digest}, not the one on record")
    (FOLDER / "vendor" / each.name).write_bytes(content)
    return digest


def main(arguments: list[str]) -> None:
    """Take every file; write down what is new."""
    wanted = {name: version for name, _, version in (given.rpartition("@") for given in arguments)}
    if unknown := set(wanted) - {each.package for each in VENDORED}:
        sys.exit(f"not among what is vendored: {', '.join(sorted(unknown))}")
    record = Path(vendored.__file__)
    text = record.read_text(encoding="utf-8")
    opened: dict[str, tarfile.TarFile] = {}
    for each in VENDORED:
        version = wanted.get(each.package, each.version)
        if each.package not in opened:
            opened[each.package] = _package(each.package, version)
        digest = _taken(each, version, opened[each.package])
        text = text.replace(each.sha256, digest)
        text = re.sub(rf'("{re.escape(each.package)}",\s+)"[^"]+"', rf'\g<1>"{version}"', text)
    record.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
