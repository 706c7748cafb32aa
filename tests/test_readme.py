"""The README is executed: its tour in one shell, word for word; its config is read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from scheduler.configuration import parse
from tests.shifted_dates import same_date
from tests.support.command import SCRIPT_DEADLINE_S

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Step(NamedTuple):
    """A command of the tour, and what the README says that it prints."""

    command: str
    output: list[str]


def steps() -> list[Step]:
    """All steps of all `console` blocks, in order."""
    found: list[Step] = []
    for block in re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL):
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


@pytest.mark.long
@pytest.mark.real
def test_the_tour_of_the_readme_is_true(tmp_path: Path) -> None:
    """Each command of the tour prints what the README says, but for times and numbers."""
    tour = steps()
    script = ["set -m"]
    for number, step in enumerate(tour):
        script += [f"echo; echo '@@@ {number}'", step.command]
        if step.command.startswith("sleep "):
            script.append(until_it_prints(tour[number + 1]))
    script += ["echo; echo '@@@ home'; echo $CRONLEDGER_HOME; kill %1 %2 2>/dev/null; wait"]
    folder = tmp_path / "clone"
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
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
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


def test_the_config_of_the_readme_is_valid() -> None:
    """The config that the README shows is read without a mistake."""
    (block,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert set(parse(block.encode(), Path("config.yaml")).jobs) == {"backup", "log-cleanup"}


def test_every_link_of_the_readme_leads_somewhere() -> None:
    """No page that the README points at is missing."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
