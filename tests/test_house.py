"""The house rules that a program can check."""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.mutants.area import AREAS, BESIDE, PACKAGES

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "eventstore": set(),
    "scheduler": {"eventstore"},
    "projections": {"eventstore", "scheduler"},
    "cli": {"eventstore", "scheduler", "projections"},
}
VOCABULARY = {
    "scheduler.vocabulary",
    "scheduler.entry_members",
    "scheduler.definition",
    "scheduler.home",
    "scheduler.ownership",
    "scheduler.store",
}
"""All of `scheduler` that the projections may know."""
RULES = {"scheduler.rules", "scheduler.schedule"}
"""What `projections/audit` knows beside: an instant is accounted for by what the fold makes of the entries."""
PURE = {
    "__future__", "abc", "bisect", "collections", "copy", "dataclasses", "datetime", "difflib", "enum", "functools",
    "hashlib", "heapq", "itertools", "math", "msgspec", "operator", "re", "shlex", "typing", "unicodedata",
}  # fmt: skip
"""What the rules may import of others: it reaches no file, clock or process."""
PURE_FOR = {
    "scheduler.schedule.zone_data": {"pathlib", "tzdata"},
    "scheduler.schedule.zones": {"io", "zoneinfo"},
    "scheduler.schedule.cron.stepper": {"croniter", "platform", "sys"},
}
"""Exceptions: the data of time zones is read from files, once; croniter is asked about instants that it is given, is
kept from asking `platform`, and is asked only once it is loaded, which changes no answer."""
PROOFS_WITH_FILES = {
    "kept_checkpoints",
    "leaves",
    "ledger_tree",
    "published_log",
    "signing",
    "tile_files",
}
"""The files of `eventstore/proofs/` that read or write, and that which knows the library for signatures."""
SIGNERS = {
    "cli.evidence.proofs.checked",
    "cli.commands.witness.key",
    "cli.witness.folder",
    "cli.commands.ledger.signing.key_sign",
    "scheduler.evidence.keys.agent",
    "scheduler.evidence.keys.creation",
    "scheduler.evidence.keys.key_file",
    "scheduler.evidence.keys.signature",
    "scheduler.evidence.signing.restore",
    "scheduler.evidence.signing.rotation",
    "scheduler.evidence.signing.signer",
    "scheduler.evidence.verification.evidence_check",
    "scheduler.evidence.verification.key_history",
    "scheduler.evidence.verification.since_checkpoint",
    "scheduler.evidence.anchors.carried",
    "scheduler.evidence.anchors.remembered",
    "scheduler.evidence.anchors.witness_client",
    "scheduler.evidence.witness.witness",
}
"""Who signs or verifies signatures."""
BUILTINS_THAT_REACH_OUT = {"open", "input", "print", "exec", "eval", "compile", "__import__"}
MODULES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def tree_of(path: Path) -> ast.Module:
    """A file, parsed once; nothing of it is garbage, to look for which would take four times as long as to parse."""
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        gc.enable()


def dotted(node: ast.expr) -> str:
    """`a.b` of the expression that says so, `.b` of that member of anything without a name, else nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


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


def module_name(path: Path) -> str:
    """`a/b/c.py` is `a.b.c`, `a/b/__init__.py` is `a.b`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_path(name: str) -> Path:
    """The file of one of our modules."""
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def import_graph() -> dict[str, set[str]]:
    """Each of our modules, to the modules that it imports when it runs, sooner or later."""
    known = {module_name(path) for path in MODULES}
    return {module_name(path): imports_at_run_time(path, known) - {module_name(path)} for path in MODULES}


def imports_at_run_time(path: Path, known: set[str]) -> set[str]:
    """The modules that a file imports, inside functions too; what only a type checker imports does not count."""
    tree = tree_of(path)
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and dotted(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    found = set()
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            module = node.module or ""
            names = {f"{module}.{alias.name}" for alias in node.names}
            found |= names & known
            if not names <= known:
                found.add(module)
    return found


def with_packages(names: set[str]) -> set[str]:
    """The modules and the packages they stand in: to import a module runs those first."""
    parts = [name.split(".") for name in names]
    return {".".join(each[:length]) for each in parts for length in range(1, len(each) + 1)}


def test_arrows_run_in_one_direction() -> None:
    """No package imports one that stands above it."""
    for path in MODULES:
        package = path.relative_to(ROOT).parts[0]
        seen = {name.split(".")[0] for name in imports(path)} & MAY_IMPORT.keys()
        assert seen - {package} <= MAY_IMPORT[package], path


def test_the_projections_know_only_the_vocabulary_of_the_scheduler() -> None:
    """What turns the ledger into SQL knows what entries mean; the audit report knows the rules, which are pure."""
    for path in (ROOT / "projections").rglob("*.py"):
        known = {".".join(name.split(".")[:2]) for name in imports(path) if name.startswith("scheduler.")}
        assert known <= VOCABULARY | (
            RULES if path.is_relative_to(ROOT / "projections" / "audit") else set()
        ), path


def test_a_ledger_is_opened_in_one_place() -> None:
    """Above the event store, only `scheduler/store.py` knows which store there is; nobody else opens one or asks."""
    opened_in = {
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.relative_to(ROOT).parts[0] != "eventstore"
        and imports(path) & {"eventstore.journal", "eventstore.ledger_reader", "eventstore.memory"}
    }
    assert opened_in == {"scheduler/store.py"}


def test_zones_are_read_in_one_place() -> None:
    """`ZoneInfo(name)` and `available_timezones()` look at the machine's files first: no module calls them."""
    for path in MODULES:
        called = {dotted(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
        assert not called & {"ZoneInfo", "available_timezones"}, path


def test_every_room_says_what_it_is_for() -> None:
    """Each module has a docstring, and a name that says something."""
    for path in MODULES:
        nothing = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "shared"}
        assert path.stem not in nothing, path
        assert ast.get_docstring(tree_of(path)), path


def test_rooms_are_small() -> None:
    """A module stays under 400 lines and a function under 60."""
    for path in MODULES:
        assert path.read_text(encoding="utf-8").count("\n") <= 400, path
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or node.lineno) - node.lineno < 60, (
                    f"{path}:{node.lineno} {node.name}"
                )


def test_the_rules_are_pure() -> None:
    """No rule reaches a file, a clock, a process or the environment, through whatever it imports."""
    graph = import_graph()
    ahead = [name for name in graph if name.split(".")[:2] == ["scheduler", "rules"]]
    reached = set(ahead)
    assert len(ahead) > 5
    while ahead:
        name = ahead.pop()
        for other in sorted(with_packages(graph[name])):
            if other not in graph:
                assert other.split(".")[0] in PURE or other in PURE_FOR.get(name, ()), (
                    f"{name} imports {other}"
                )
            elif other.startswith("eventstore"):
                assert other in {"eventstore", "eventstore.store"}, f"{name} imports {other}"
            elif other not in reached:
                reached.add(other)
                ahead.append(other)
    for name in reached:
        assert not impure_calls(module_path(name)), name


def test_one_place_knows_the_library_for_signatures() -> None:
    """And nothing that starts, records or shows imports that place: its import takes as long as a command."""
    graph = import_graph()
    assert [
        name for name, taken in graph.items() if any(each.split(".")[0] == "cryptography" for each in taken)
    ] == ["eventstore.proofs.notes.signing", "scheduler.evidence.anchors.time_stamp"]
    assert {name for name, taken in graph.items() if "eventstore.proofs.notes.signing" in taken} <= SIGNERS


def test_one_place_loads_the_driver_of_postgresql() -> None:
    """It is an extra: elsewhere its absence would be a traceback, and not words that say how to get it."""
    wing = {name: taken for name, taken in import_graph().items() if name.startswith("eventstore.postgresql")}
    loading = {"psycopg"}
    while more := {name for name, taken in wing.items() if taken & loading} - loading:
        loading |= more
    others = {name: taken & loading for name, taken in import_graph().items() if name not in wing}
    assert [name for name, taken in others.items() if taken] == ["scheduler.database.connection"]


def test_the_tree_and_its_proofs_are_pure() -> None:
    """What hashes, proves and verifies reaches no file, clock or process; what does is named here."""
    wing = ROOT / "eventstore" / "proofs"
    pure = [path for path in sorted(wing.rglob("*.py")) if path.stem not in PROOFS_WITH_FILES]
    names = {module_name(path) for path in pure}
    assert len(pure) > 5
    for path in pure:
        for other in import_graph()[module_name(path)]:
            assert other in names or other.split(".")[0] in PURE | {"base64", "binascii", "struct"}, (
                f"{module_name(path)} imports {other}"
            )
        assert not impure_calls(path), path


def impure_calls(path: Path) -> list[str]:
    """What a file calls that needs no import to reach a file or a clock."""
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            if called in BUILTINS_THAT_REACH_OUT or called.rpartition(".")[2] in {"now", "utcnow", "today"}:
                found.append(f"{path}:{node.lineno} {called}")
    return found


def test_no_files_import_each_other_in_a_circle() -> None:
    """Imports inside functions count; that a module needs the package it stands in does not."""
    graph = import_graph()
    targets = {name: imported & graph.keys() for name, imported in graph.items()}
    try:
        TopologicalSorter(targets).prepare()
    except CycleError as circle:
        pytest.fail(f"a circle of imports: {' -> '.join(circle.args[1])}")


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
@pytest.mark.unshifted("a run's environment is exact: libfaketime does not reach the job that deletes")
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


@pytest.mark.parametrize("beginning", ["cli", "eventstore", "projections", "scheduler", "support", ""])
def test_tests_share_modules_and_reach_into_none(beginning: str) -> None:
    """What tests share is in no `test_*` module, and none takes or replaces a private name: ruff sees to members."""
    folders = {"cli", "eventstore", "projections", "scheduler", "support"}
    parts = {path: path.relative_to(ROOT / "tests").parts[0] for path in TESTS}
    for path in [path for path, part in parts.items() if (part if part in folders else "") == beginning]:
        taken = [name.split(".") for name in imports(path)]
        assert not [
            name for name in taken if name[0] == "tests" and any(part.startswith("test_") for part in name)
        ], path
        private = [
            part for name in taken + _replaced(path) for part in name if re.match(r"_[^_]|__.*[^_]$", part)
        ]
        assert not private, path


def _replaced(path: Path) -> list[list[str]]:
    """The names that a test replaces, by their parts."""
    return [
        node.value.split(".")
        for call in ast.walk(tree_of(path))
        if isinstance(call, ast.Call) and dotted(call.func).endswith(("setattr", "patch", "patch.object"))
        for node in call.args
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_what_is_changed_and_shown_to_tests_is_there() -> None:
    """`make mutants`, which is called rarely, names folders and tests that move in other work."""
    named = [*PACKAGES, *BESIDE]
    for area in AREAS:
        options = [word.partition("=")[2].partition("::")[0] for word in area.without]
        named += [area.folder, *area.tests, *options]
        assert area.modules([])
    assert [name for name in named if not (ROOT / name).exists()] == []
