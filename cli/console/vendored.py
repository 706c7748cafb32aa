"""What pages load that others wrote: which files, of which version, with which digests.

Nothing is built and nothing comes from elsewhere: the files are those of the packages as published, kept beside ours.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Vendored(NamedTuple):
    """A file of a package.

    Attributes:
        package: as npm names it.
        version: of the package.
        member: where the file is in the package.
        name: what it is called under `cli/console/static/vendor/`.
        sha256: digest of its bytes, hexadecimal.
    """

    package: str
    version: str
    member: str
    name: str
    sha256: str


VENDORED: Final = (
    Vendored(
        "htmx.org",
        "2.0.11",
        "dist/htmx.min.js",
        "htmx.min.js",
        "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    ),
    Vendored(
        "htmx.org",
        "2.0.11",
        "LICENSE",
        "htmx.LICENSE.txt",
        "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
    ),
    Vendored(
        "uplot",
        "1.6.32",
        "dist/uPlot.iife.min.js",
        "uPlot.iife.min.js",
        "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    ),
    Vendored(
        "uplot",
        "1.6.32",
        "dist/uPlot.min.css",
        "uPlot.min.css",
        "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    ),
    Vendored(
        "uplot",
        "1.6.32",
        "LICENSE",
        "uPlot.LICENSE.txt",
        "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    ),
)
"""Written by `python -m tests.cli.console.vendoring`."""
