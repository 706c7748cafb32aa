"""What jobs write down themselves, outside every ledger: each attempt says that it began, and that it ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

_SCRIPT = """\
#!/bin/bash
# JOB SECONDS EXIT: say that an attempt began, take so long, say that it ended. One write a line.
node=${CRONLEDGER_HOME##*/}
attempt="$1 $CRONLEDGER_RUN $CRONLEDGER_ATTEMPT $node"
printf 'start %s %s\\n' "$attempt" "$EPOCHREALTIME" >> "${0%/*}/$node.txt"
[ "$2" = 0 ] || sleep "$2"
printf 'end %s %s\\n' "$attempt" "$EPOCHREALTIME" >> "${0%/*}/$node.txt"
exit "$3"
"""


class Seen(NamedTuple):
    """A line of a witness: an attempt, the node that made it, and when that was by the machine's clock."""

    what: str
    job: str
    run: int
    attempt: int
    node: str
    time_s: float


class Witnesses:
    """The folder in which attempts write, a file for each node (its home's folder bears its name)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._script = folder / "witness.sh"
        self._script.write_text(_SCRIPT)
        self._script.chmod(0o755)

    def command(self, job: str, seconds: float = 0, exit_code: int = 0) -> str:
        """The `command:` of a job that is witnessed."""
        return json.dumps([str(self._script), job, f"{seconds:g}", str(exit_code)])

    def seen(self) -> list[Seen]:
        """All that was written so far; the last line of a node may be there in part, and is left out then."""
        found = []
        for path in sorted(self._folder.glob("*.txt")):
            for line in path.read_text().split("\n")[:-1]:
                what, job, run, attempt, node, time = line.split(" ")
                found.append(Seen(what, job, int(run), int(attempt), node, float(time.replace(",", "."))))
        return found
