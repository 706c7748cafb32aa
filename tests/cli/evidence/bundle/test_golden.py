from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.bundles import KEY, WITNESS_KEY, entries_in, members_of, verified

GOLDEN = Path(__file__).with_name("golden")
BUNDLES = sorted(GOLDEN.glob("*/*.zip"))


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_bundle_that_was_given_out_verifies_for_ever(path: Path, tmp_path: Path) -> None:
    """By today's verifier, and by the one that came with it."""
    code, said = verified(path, "--key", KEY, "--witness", WITNESS_KEY)
    assert (code, said.splitlines()[-1][:8]) == (0, "VERIFIED")
    assert "by witness.example/w at 2026-11-18T" in said
    assert "stamped 2026112" in said
    own = tmp_path / "verify.py"
    own.write_bytes(members_of(path)["verify.py"])
    assert runpy.run_path(str(own))["main"]([str(path), "--key", KEY]) == 0


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_byte_of_it_counts(path: Path, tmp_path: Path, hunt: bool) -> None:
    """A bit flipped in any byte is found; in a normal run, in each 400th."""
    raw, damaged = path.read_bytes(), tmp_path / "b.zip"
    for at in range(0, len(raw), 1 if hunt else 400):
        damaged.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :])
        assert verified(damaged)[0] == 1, at


def test_what_the_golden_bundles_hold() -> None:
    """All of a time without a gap, and what is about one job alone."""
    by_name = {path.stem: entries_in(path) for path in BUNDLES}
    assert [len(by_name[name]) for name in ("time", "job")] == [16, 5]
    assert all(b'"job":"caf\\u00e9"' in line for line in by_name["job"][1:])


@pytest.mark.real
@pytest.mark.unshifted("certificates are of the day on which openssl made them")
def test_the_time_stamp_of_a_golden_bundle_verifies(tmp_path: Path) -> None:
    """By the command that the verifier prints, with the certificate of the authority."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine")
    path = GOLDEN / "form-1" / "time.zip"
    for name, content in members_of(path).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    command = re.search(r"openssl ts -verify .* -CAfile", verified(path)[1])
    assert command is not None
    done = subprocess.run(
        [*command[0].split(), path.parent / "authority.pem"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done
