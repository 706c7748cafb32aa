"""The mutation tester, mutmut, at work in a copy of the project: which mutants there are, and which of them live."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from mutmut.configuration import reset_config
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import get_mutant_name

from tests.mutants.area import BESIDE, PACKAGES, ROOT, Area
from tests.mutants.explained import Change, change_of

_LIVES = {"survived", "no tests", "not checked"}
_SETTINGS = """

[tool.mutmut]
source_paths = {packages}
only_mutate = {modules}
also_copy = {beside}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "tests.mutants.selection", {without}]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
timeout_multiplier = 4.0
timeout_constant = 5.0
"""


class Verdict(NamedTuple):
    """What became of a mutant: its name for mutmut, what it changes, and a word of mutmut's."""

    name: str
    change: Change
    status: str

    @property
    def lives(self) -> bool:
        """Whether no test noticed it."""
        return self.status in _LIVES


def copy_for(folder: Path, area: Area, modules: list[str]) -> None:
    """Put a copy of the project into a folder, with the tester's settings for some modules of an area."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in (*PACKAGES, "tests", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", folder)
    settings = _SETTINGS.format(
        packages=json.dumps(PACKAGES),
        modules=json.dumps(modules),
        beside=json.dumps(BESIDE),
        tests=json.dumps(area.tests),
        without=", ".join(json.dumps(word) for word in ("-m", "not long and not real", *area.without)),
    )
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(project + settings, encoding="utf-8")


def mutants_of(folder: Path, modules: list[str]) -> list[str]:
    """The names of all mutants of these modules, in an order that is always the same, by a copy of the project."""
    reset_config()
    with contextlib.chdir(folder):
        return [
            get_mutant_name(Path(module), name)
            for module in modules
            for name in mutate_file_contents(module, Path(module).read_text(encoding="utf-8")).mutant_names
        ]


def verdicts(folder: Path, modules: list[str], names: list[str]) -> list[Verdict]:
    """Show these mutants to the tests, in a copy that `copy_for` made.

    Raises:
        subprocess.CalledProcessError: the tests do not pass without any mutant, or cannot be run.
    """
    tester = Path(sys.executable).with_name("mutmut")
    workers = ["--max-children", str(os.cpu_count() or 1)]
    subprocess.run([tester, "run", *workers, *names], cwd=folder, check=True)
    wanted, found = set(names), []
    reset_config()
    with contextlib.chdir(folder):
        for module in modules:
            measured = json.loads(Path("mutants", f"{module}.meta").read_text(encoding="utf-8"))
            for name, exit_code in measured["exit_code_by_key"].items():
                if name in wanted:
                    change = change_of(module, get_diff_for_mutant(name, path=module))
                    found.append(Verdict(name, change, status_by_exit_code[exit_code]))
    return found
