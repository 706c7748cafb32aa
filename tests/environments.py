"""`python -m tests.environments newest|pythons [PYTEST ARGUMENT…]`: run the tests in environments of their own.

`newest` takes the newest of everything that the wheel's ranges allow; `pythons` takes what is locked, with each
supported Python that this machine has. Nothing but a plain Python is needed to begin.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / ".venvs"
_MINOR = "import sys; print(*sys.version_info[:2], sys.implementation.name)"
_PIP = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
_LOCKED = ["--require-hashes", "--no-deps"]


def supported() -> list[int]:
    """The minor versions of Python 3 that the wheel names, in order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [word.rpartition("3.")[2] for word in project["classifiers"] if ":: Python :: 3." in word]
    return sorted(int(minor) for minor in named)


def interpreter(minor: int) -> str | None:
    """A Python 3 of this minor version that really starts, or None: a name on PATH may be a shim that does not."""
    name = f"python3.{minor}"
    candidates = [sys.executable, shutil.which(name)]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in (pyenv / "versions", Path.home() / ".local/share/uv/python"):
        candidates += [str(path) for path in sorted(folder.glob(f"*3.{minor}*/bin/{name}"), reverse=True)]
    for candidate in filter(None, candidates):
        try:
            answer = subprocess.run(
                [candidate, "-c", _MINOR], capture_output=True, text=True, timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0 and answer.stdout.split() == ["3", str(minor), "cpython"]:
            return candidate
    return None


def made_anew(python: str, name: str) -> Path:
    """The interpreter of a new, empty environment."""
    folder = ENVIRONMENTS / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", folder], check=True)
    return folder / "bin" / "python"


def newest(arguments: list[str]) -> bool:
    """Whether the tests pass with the newest of everything."""
    python = made_anew(sys.executable, "newest")
    subprocess.run([python, *_PIP, "--upgrade", "pip"], check=True)
    subprocess.run([python, *_PIP, "--upgrade", "--editable", ".", "--group", "dev"], cwd=ROOT, check=True)
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "list"], check=True)
    return tested(python, arguments)


def pythons(arguments: list[str]) -> bool:
    """Whether the tests pass on each supported Python that was found."""
    found = {f"3.{minor}": interpreter(minor) for minor in supported()}
    outcome = {}
    for version, started_by in found.items():
        if started_by is None:
            outcome[version] = "not found on this machine"
            continue
        print(f"-- Python {version}: {started_by}", flush=True)
        python = made_anew(started_by, version)
        for part in ("build", "run", "dev"):
            subprocess.run([python, *_PIP, *_LOCKED, "-r", f"requirements/{part}.txt"], cwd=ROOT, check=True)
        subprocess.run(
            [python, *_PIP, "--no-deps", "--no-build-isolation", "--editable", "."], cwd=ROOT, check=True
        )
        outcome[version] = "passed" if tested(python, arguments) else "failed"
    for version, said in outcome.items():
        print(f"Python {version}: {said}")
    return "failed" not in outcome.values() and "passed" in outcome.values()


def tested(python: Path, arguments: list[str]) -> bool:
    """Whether the tests pass in an environment."""
    return (
        subprocess.run(
            [python, "-m", "pytest", "-q", "-n", "2", *arguments], cwd=ROOT, check=False
        ).returncode
        == 0
    )


def main() -> int:
    """Run what was asked for; 1 if a test failed."""
    ways = {"newest": newest, "pythons": pythons}
    if len(sys.argv) < 2 or sys.argv[1] not in ways:
        print("say which: newest or pythons", file=sys.stderr)
        return 2
    try:
        return 0 if ways[sys.argv[1]](sys.argv[2:]) else 1
    except subprocess.CalledProcessError as error:
        print(f"this environment could not be made: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
