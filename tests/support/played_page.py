"""Pages with commands are executed: all in one shell, word for word, and what they print is compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.shifted_dates import same_date
from tests.support.command import SCRIPT_DEADLINE_S


class Step(NamedTuple):
    """A command of the tour, and what the README says that it prints."""

    command: str
    output: list[str]


def steps(page: str) -> list[Step]:
    """All steps of all `console` blocks of a page, in order."""
    found: list[Step] = []
    for block in re.findall(r"```console\n(.*?)```", page, flags=re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], []))
            elif line.startswith("> ") or line == ">":
                found[-1] = found[-1]._replace(command=f"{found[-1].command}\n{line[2:]}")
            else:
                found[-1].output.append(line)
    return found


def comparable(line: str, home: str) -> str:
    """A line without what differs from one run, or one day, to the next: numbers, spans, the home, the person."""
    line = line.replace(home, "HOME").replace("/tmp/tmp.home", "HOME")
    line = re.sub(r"[0-9a-f]{64}", "HASH", line)
    line = re.sub(r"user:\S+@\S+", "user:WHO", line)
    line = re.sub(r"\d+", "#", line)
    line = re.sub(r"#(\.#)? (ms|s|min|h|d)( # (s|min|h))?\b", "TIME", line)
    line = re.sub(r"\bnow\b|in TIME|TIME ago", "SOON", line)
    return " ".join(line.split())


def until_it_prints(step: Step) -> str:
    """Shell that waits until a command prints as many lines as the README shows, at most a minute.

    A machine with much else to do is behind the times that the README sleeps.
    """
    lines = sum(line != "..." for line in step.output)
    enough = f'[ "$({{ {step.command}; }} 2>&1 | wc -l)" -ge {lines} ]'
    return f"for _ in $(seq 60); do {enough} && break; sleep 1; done"


def play(page: str, place: Path) -> None:
    """Run each command of a page; it prints what the page says, but for times and numbers.

    Args:
        page: its text.
        place: a folder for all that it makes.
    """
    tour = steps(page)
    script = ["set -m"]
    for number, step in enumerate(tour):
        if step.command.startswith("cronledger logs search "):  # a process beside the scheduler collects them
            script.append(until_it_prints(step))
        script += [f"echo; echo '@@@ {number}'", step.command]
        if step.command.startswith("sleep "):
            script.append(until_it_prints(tour[number + 1]))
    script += ["echo; echo '@@@ home'; echo $CRONLEDGER_HOME; kill %1 %2 2>/dev/null; wait"]
    folder = place / "clone"
    folder.mkdir()
    (folder / ".venv").symlink_to(Path(sys.prefix))
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        timeout=SCRIPT_DEADLINE_S,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(place),
            "TMPDIR": str(place),
            "LANG": "C.UTF-8",
            **same_date(),
        },
    )
    parts = re.split(r"\n?@@@ (\w+)\n", done.stdout)
    printed = dict(zip(parts[1::2], parts[2::2], strict=True))
    home = printed["home"].split()[0]
    for evidence in Path("/tmp").glob("evidence-*"):
        shutil.rmtree(evidence)
    for number, step in enumerate(tour):
        said = [comparable(line, home) for line in step.output]
        seen = [comparable(line, home) for line in printed[str(number)].strip("\n").splitlines()]
        seen = [line for line in seen if not re.match(r"\[#\]|bash: .*(Killed|Terminated)", line)]
        if "..." in said:
            at = said.index("...")
            assert seen[:at] == said[:at], step.command
        else:
            assert seen == said, step.command
