"""Versions of packages as their folders name them."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from scheduler.version import installed_versions


def test_the_versions_are_those_of_the_standard_library() -> None:
    """Of each package that is installed here, and of one that is not."""
    known = {each.metadata["Name"]: each.version for each in reversed(list(metadata.distributions()))}
    assert installed_versions(*known, "no-such-package") == {**known, "no-such-package": "none"}


def test_the_first_place_counts_and_other_records_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that stands twice has the version that is imported; records of the older kind are read too."""
    for place, folder in (
        ("first", "some_thing-2.dist-info"),
        ("second", "Some.Thing-1.dist-info"),
        ("second", "Older-3.egg-info"),
    ):
        record = tmp_path / place / folder
        record.mkdir(parents=True)
        name, _, version = folder.rpartition(".")[0].rpartition("-")
        for file in ("METADATA", "PKG-INFO"):
            (record / file).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    monkeypatch.setattr(
        sys, "path", [str(tmp_path / "first"), str(tmp_path / "gone"), str(tmp_path / "second")]
    )
    assert installed_versions("some-thing", "Older") == {"some-thing": "2", "Older": "3"}
