"""The wheel as users install it: built without a network, the same each time, at work where the source is not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.main import cronledger
from cli.manual.pages import all_pages
from tests.support.command import DEADLINE_S

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "eventstore", "projections", "scheduler")
CONFIG = """\
jobs:
  beat: {every: 1s, command: echo still here}
  greet: {on_demand: true}
"""
EXTENSION = """\
class Greet:
    name = "greet"

    def run(self, ctx):
        print("good morning")
"""


def built(source: Path, folder: Path, target: str, umask: int = 0o022) -> Path:
    """Build a distribution by the backend itself: pip would do no other, in an environment of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600"},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
        umask=umask,
    )
    assert done.returncode == 0, f"{done.stderr}\nThe build backend is in requirements/build.txt."
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source tree."""
    return built(ROOT, tmp_path_factory.mktemp("wheel"), "wheel")


def files_of_the_tree() -> set[str]:
    """What git keeps of the four packages, and what is new there, as the wheel names it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return {name.removeprefix("cli/start/") for name in listed if (ROOT / name).is_file() and name}


@pytest.mark.long
def test_the_wheel_holds_the_packages_with_all_their_files(wheel: Path) -> None:
    """Code and data, each file of the tree and the manual pages, and no other: no tests, benchmarks or docs."""
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        manual = {name: opened.read(name).decode() for name in names if name.endswith(".1")}
    assert {name.partition(".data/data/")[2]: page for name, page in manual.items()} == {
        f"share/man/man1/{name}": page for name, page in all_pages(cronledger).items()
    }
    described = {name for name in names if re.match(r"cronledger-[^/]+\.dist-info/", name)}
    assert names - described - manual.keys() == files_of_the_tree()
    assert {name.partition("/")[2] for name in described} == {
        "METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE",
    }  # fmt: skip


@pytest.mark.long
def test_the_wheel_is_the_same_each_time(wheel: Path, tmp_path: Path, hunt: bool) -> None:
    """Byte for byte, whoever builds it; in a hunt from the source distribution, which has the tests too."""
    source = unpacked(built(ROOT, tmp_path / "sdist", "sdist"), tmp_path) if hunt else ROOT
    assert (source / "tests" / "installation" / "test_wheel.py").is_file()
    again = built(source, tmp_path / "wheel", "wheel", umask=0o077)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def unpacked(archive: Path, folder: Path) -> Path:
    """The folder that a source distribution holds."""
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


class Installed:
    """The wheel in an environment of its own, where its dependencies are those of this one.

    The path to them stands in a `.pth` file, behind which others are not read: the source tree is not on the path.
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder, self.home = folder / "environment", folder / "home"
        venv.create(self.folder, with_pip=False)
        (site,) = (self.folder / "lib").glob("python*/site-packages")
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        self._pip(wheel)
        self.site = site

    def _pip(self, wheel: Path) -> None:
        into = ["--python", str(self.folder / "bin" / "python")]
        how = ["--no-index", "--no-deps", "--no-compile", "--quiet", str(wheel)]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, *into, "install", *how], check=True, timeout=DEADLINE_S)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The installed command, from a folder that has nothing to do with it."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CRONLEDGER")}
        return subprocess.Popen(
            [str(self.folder / "bin" / "cronledger"), "--home", str(self.home), *arguments],
            cwd="/",
            env={**plain, "PYTHONSAFEPATH": "1", "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def said(self, *arguments: str) -> str:
        """What it prints; it succeeds."""
        started = self.start(*arguments)
        out, err = started.communicate(timeout=DEADLINE_S)
        assert started.returncode == 0, err
        return out


@contextmanager
def served(installed: Installed) -> Iterator[None]:
    """A scheduler, from the first run that it made; it stops in order."""
    scheduler = installed.start("serve")
    try:
        assert scheduler.stdout is not None
        assert any("beat succeeded" in line for line in scheduler.stdout)
        yield
        scheduler.send_signal(signal.SIGTERM)
        scheduler.communicate(timeout=DEADLINE_S)
        assert scheduler.returncode == 0
    finally:
        scheduler.kill()
        scheduler.communicate()


@pytest.mark.long
@pytest.mark.real
def test_the_wheel_works_where_the_source_is_not(wheel: Path, tmp_path: Path, hunt: bool) -> None:
    """A home is made, checked and served, jobs run, SQL and verification answer; in a hunt a bundle too."""
    installed = Installed(tmp_path, wheel)
    version = wheel.name.split("-")[1]
    assert installed.said("--version") == f"cronledger {version}\n"
    assert "config.yaml" in installed.said("init")
    (installed.home / "services/scheduler/config.yaml").write_text(CONFIG, encoding="utf-8")
    extension = installed.home / "extensions/greet/jobs.py"
    extension.parent.mkdir(parents=True)
    extension.write_text(EXTENSION, encoding="utf-8")
    assert "2 jobs" in installed.said("check")

    with served(installed):
        assert installed.said("jobs", "run", "greet") == "good morning\n"
    assert "greet" in installed.said("jobs", "list")

    assert (
        installed.said("sql", "select count(*) > 1 from runs where outcome = 'succeeded'").split()[-1]
        == "true"
    )
    assert "verdict:      consistent" in installed.said("ledger", "verify")
    if hunt:
        check_a_bundle(installed, tmp_path)


def check_a_bundle(installed: Installed, folder: Path) -> None:
    """Its verifier is that of the source, and agrees."""
    installed.said("ledger", "key", "generate")
    bundle = folder / "bundle.zip"
    installed.said("audit", "bundle", "--from", "1d", "--no-captured-output", "-o", str(bundle))
    with zipfile.ZipFile(bundle) as opened:
        opened.extractall(folder / "bundle")
    (verifier,) = (folder / "bundle").rglob("verify.py")
    assert verifier.read_bytes() == (ROOT / "cli/evidence/bundle/verify.py").read_bytes()
    subprocess.run(
        [sys.executable, "-I", verifier, bundle], check=True, capture_output=True, cwd="/", timeout=DEADLINE_S
    )


def test_the_command_finds_its_own_code_and_no_other(wheel: Path) -> None:
    """The module that begins it stands beside the packages, and the script names it."""
    with zipfile.ZipFile(wheel) as opened:
        assert "cronledger_command.py" in opened.namelist()
        (entries,) = (name for name in opened.namelist() if name.endswith("entry_points.txt"))
        assert "cronledger = cronledger_command:main" in opened.read(entries).decode()
