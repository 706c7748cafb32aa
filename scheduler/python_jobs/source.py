"""What the classes of a file declare, read from its text without running it.

This is how a file is read that cannot be imported, and by whoever must not run it. What a class inherits from others
is not seen then.
"""

from __future__ import annotations

import ast
import warnings

from scheduler.python_jobs.declarations import OWN_ATTRIBUTES, DeclaredField, DeclaredJob, annotation_of


def jobs_in(source: bytes, file: str) -> list[DeclaredJob]:
    """The jobs whose classes stand at the top of a file, where their name is written out.

    Args:
        source: its bytes; file: how targets name it, such as `extensions/reports/jobs.py`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = (_job(node, file) for node in tree.body if isinstance(node, ast.ClassDef))
    return [job for job in found if job is not None]


def _job(node: ast.ClassDef, file: str) -> DeclaredJob | None:
    said: dict[str, object] = {}
    fields: dict[str, DeclaredField] = {}
    for statement in node.body:
        target: ast.expr
        value: ast.expr | None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign):
            target, value = statement.target, statement.value
        else:
            continue
        if not isinstance(target, ast.Name):
            continue
        if target.id in OWN_ATTRIBUTES:
            said[target.id] = value.value if isinstance(value, ast.Constant) else None
        elif isinstance(statement, ast.AnnAssign) and not target.id.startswith("_"):
            annotation = annotation_of(ast.unparse(statement.annotation))
            if annotation is not None:
                fields[target.id] = DeclaredField(
                    type=annotation.type, required=value is None, choices=list(annotation.choices)
                )
    name, description = said.get("name"), said.get("description")
    if not isinstance(name, str) or not name:
        return None
    bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    return DeclaredJob(
        name=name,
        target=f"{file}:{node.name}",
        description=description if isinstance(description, str) else "",
        fields=fields,
        incomplete=not bases <= {"Job", "object"},
        dry_run=said.get("supports_dry_run") is True,
    )
