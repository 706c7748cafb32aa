"""What `make run` and `make test` install is locked; what others install is a range."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.environments import interpreter, supported

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RANGES = {
    "run": PROJECT["project"]["dependencies"],
    "dev": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["dependency-groups"]["dev"],
        *(each for extra in PROJECT["project"]["optional-dependencies"].values() for each in extra),
    ],
    "build": PROJECT["dependency-groups"]["build"] + PROJECT["build-system"]["requires"],
    "browser": PROJECT["dependency-groups"]["browser"],
    "docs": PROJECT["dependency-groups"]["docs"],
    "mutants": PROJECT["dependency-groups"]["mutants"],
}


def locked(part: str) -> dict[str, str]:
    """The version of each package in a lock file."""
    text = (ROOT / "requirements" / f"{part}.txt").read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"(?m)^(\S+)==(\S+)", text)}


@pytest.mark.parametrize("part", RANGES)
def test_the_lock_holds_what_the_project_asks_for(part: str) -> None:
    """Each direct dependency is locked, at a version within its range: `make lock` was run after a change."""
    versions = locked(part)
    for requirement in map(Requirement, RANGES[part]):
        version = versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement


@pytest.mark.parametrize("part", RANGES)
def test_every_locked_package_has_hashes_and_no_host(part: str) -> None:
    """Nothing is installed that is not the very file; where it is fetched from is the machine's own affair."""
    text = (ROOT / "requirements" / f"{part}.txt").read_text(encoding="utf-8").replace("\\\n", "")
    for line in text.splitlines():
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [^:/]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line), line[:80]


def test_a_package_has_one_version_in_all_locks() -> None:
    """They are installed into one environment, one after the other."""
    dev = locked("dev")
    assert locked("run").items() <= dev.items()
    for other in (locked("build"), locked("mutants")):
        assert {name: dev[name] for name in dev.keys() & other.keys()}.items() <= other.items()


def test_a_python_is_found_that_starts() -> None:
    """The Python that runs this is among those that the wheel names, or newer; one that there is not is not found."""
    assert supported() == sorted(set(supported()))
    assert supported()[0] == 11
    assert interpreter(supported()[-1] + 100) is None
