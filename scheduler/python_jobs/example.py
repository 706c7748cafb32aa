"""A job in Python to begin with: a commented class, and its test."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

_JOB = '''\
"""The job {name}. How jobs in Python work: docs/python-jobs.md of cronledger."""

from __future__ import annotations

from scheduler.job import Job, JobContext, JobResult


class {class_name}(Job):
    # The name under which the config has it:
    #   jobs:
    #     {name}:
    #       schedule: "0 4 * * *"
    name = "{name}"
    description = "Says hello"

    # Fields of the types str, int, float, bool and Literal[...] are parameters. The config gives them values, under
    # `params:` or as a key of the job, and `cronledger jobs run {name} --param greeting=Hi` gives them to one run.
    # A field without a default needs a value.
    greeting: str = "Hello"

    async def run(self, ctx: JobContext) -> JobResult:
        # A plain `def run` works too. An exception is a failure: its traceback is in the log, its type and message
        # in the ledger. What is printed is captured; the logger's lines keep their level and their fields.
        ctx.logger.info("greeting", extra={{"run": ctx.run, "trigger": ctx.trigger}})
        print(f"{{self.greeting}} from {{ctx.job}}")

        # A folder of the job's own, for what it wants to know the next time.
        count_file = ctx.state / "count"
        count = int(count_file.read_text()) + 1 if count_file.exists() else 1
        count_file.write_text(str(count))

        # All of this is recorded, and a column in SQL. To return nothing says that it succeeded.
        return JobResult(message=f"greeted {{count}} times", items_processed=1, metrics={{"count": count}})
'''

_TEST = '''\
"""The test of {name}: `cd extensions/{folder} && python -m unittest`, or pytest."""

from __future__ import annotations

import asyncio
import tempfile
import unittest
from pathlib import Path

from jobs import {class_name}
from scheduler.job import JobContext


class {class_name}Test(unittest.TestCase):
    def test_it_counts(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            context = JobContext(job="{name}", state_folder=Path(folder) / "state")
            results = [asyncio.run({class_name}().run(context)) for _ in range(2)]
        self.assertEqual([result.metrics["count"] for result in results], [1, 2])
        self.assertTrue(all(result.succeeded for result in results))


if __name__ == "__main__":
    unittest.main()
'''


class Example(NamedTuple):
    """The folder in `extensions/`, and what its files hold."""

    folder: str
    job: str
    test: str


def example(name: str) -> Example:
    """The example of a job of this name, which is one that a job can have."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    folder = "_".join(words).lower() or "job"
    if folder in sys.stdlib_module_names or folder in ("cli", "eventstore", "projections", "scheduler"):
        folder += "_job"
    class_name = "".join(word[0].upper() + word[1:] for word in words) + "Job"
    if class_name[0].isdigit():
        class_name = f"Job{class_name}"
    said = {"name": name, "folder": folder, "class_name": class_name}
    return Example(folder, _JOB.format(**said), _TEST.format(**said))
