"""The page on warnings: every code stands there, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
PAGE = ROOT / "docs" / "warnings.md"
_CODE = re.compile(r"[a-z]+(?:-[a-z]+)+")


def codes_of(module: Path) -> Iterator[str]:
    """The codes with which a module makes remarks: those that it hands to them, or assigns to `code`."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = node.args if node.func.id in ("Lint", "ConfigLint") else []
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            given = list(ast.walk(node.value))  # type: ignore[arg-type]
        else:
            continue
        for each in given:
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and _CODE.fullmatch(each.value):
                yield each.value


def test_every_code_stands_on_the_page() -> None:
    """A new remark is told there too."""
    made = {
        code
        for folder in ("scheduler/schedule", "scheduler/configuration")
        for module in (ROOT / folder).rglob("*.py")
        for code in codes_of(module)
    }
    written = re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(written) == sorted(made)
