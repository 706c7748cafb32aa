"""The house rules that a program can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "eventstore": set(),
    "scheduler": {"eventstore"},
    "projections": {"eventstore", "scheduler"},
    "cli": {"eventstore", "scheduler", "projections"},
}
VOCABULARY = {"scheduler.vocabulary", "scheduler.definition", "scheduler.home"}
"""All of `scheduler` that the projections may know."""
MODULES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def tree_of(path: Path) -> ast.Module:
    """A file, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules that a file imports, by their full names."""
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_run_in_one_direction(path: Path) -> None:
    """No package imports one that stands above it."""
    package = path.relative_to(ROOT).parts[0]
    seen = {name.split(".")[0] for name in imports(path)} & MAY_IMPORT.keys()
    assert seen - {package} <= MAY_IMPORT[package]


def test_the_projections_know_only_the_vocabulary_of_the_scheduler() -> None:
    """What turns the ledger into SQL knows what entries mean, and nothing of how they come about."""
    for path in (ROOT / "projections").rglob("*.py"):
        known = {".".join(name.split(".")[:2]) for name in imports(path) if name.startswith("scheduler.")}
        assert known <= VOCABULARY, path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_room_says_what_it_is_for(path: Path) -> None:
    """Each module has a docstring, and a name that says something."""
    assert path.stem not in {"utils", "util", "common", "helpers", "helper", "misc", "manager", "shared"}
    tree = tree_of(path)
    assert ast.get_docstring(tree)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_are_small(path: Path) -> None:
    """A module stays under 400 lines and a function under 60."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or node.lineno) - node.lineno < 60, f"{path}:{node.lineno} {node.name}"


def test_the_rules_are_pure() -> None:
    """What decides and what folds reads no clock, file or environment."""
    forbidden = {"os", "time", "subprocess", "pathlib", "socket", "random", "selectors", "signal"}
    for path in sorted((ROOT / "scheduler" / "rules").glob("*.py")):
        assert not imports(path) & forbidden, path
        assert "now(" not in path.read_text(encoding="utf-8").replace("next_after(now", ""), path


def test_light_commands_import_nothing_heavy() -> None:
    """Listing jobs in a pipe imports neither DuckDB nor rich nor croniter's company needlessly."""
    script = (
        "import sys; sys.argv = ['cronledger', '--help']\n"
        "from cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('duckdb', 'rich', 'croniter', 'yaml', 'inotify_simple') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.real
def test_the_command_survives_a_folder_with_modules_of_the_same_names(tmp_path: Path) -> None:
    """A working directory that holds its own `cli.py` and the like changes nothing, nor do they ever run."""
    for name in ("cli", "scheduler", "eventstore", "projections", "yaml", "click"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module was imported')\n")
    (tmp_path / "services" / "scheduler").mkdir(parents=True)
    (tmp_path / "services" / "scheduler" / "config.yaml").write_text(
        "jobs:\n  log-cleanup:\n    schedule: '0 3 * * 0'\n"
    )
    command = Path(sys.executable).with_name("cronledger")
    for args in (["jobs", "list"], ["jobs", "log-cleanup"], ["sql", "SELECT count(*) FROM events"]):
        done = subprocess.run([command, *args], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        assert "wrong module" not in done.stdout + done.stderr


TESTS = sorted((ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_share_modules_and_reach_into_none(path: Path) -> None:
    """What tests share is in no `test_*` module, and none takes or replaces a private name: ruff sees to members."""
    tree = tree_of(path)
    taken = [name.split(".") for name in imports(path)]
    assert not [
        name for name in taken if name[0] == "tests" and any(part.startswith("test_") for part in name)
    ]
    replaced = [
        node.value.split(".")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).endswith(("setattr", "patch", "patch.object"))
        for node in call.args
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    private = [part for name in taken + replaced for part in name if re.match(r"_[^_]|__.*[^_]$", part)]
    assert not private
