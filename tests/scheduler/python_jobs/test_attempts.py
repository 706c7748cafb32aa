"""One attempt in its process: whatever the code of a job does there, a true sentence is left about it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.support.python_jobs import attempt, extension

HOSTILE = """
    import os, signal, sys, threading, time

    class Hostile:
        name = "hostile"
        do: str = ""

        def run(self, ctx):
            getattr(self, self.do)()

        def raises(self): raise ValueError("no\\nsuch region: " + os.environ["PASSPHRASE"])
        def leaves_at_once(self): os._exit(0)
        def leaves(self): sys.exit(0)
        def is_killed(self): os.kill(os.getpid(), signal.SIGKILL)
        def is_stopped(self): os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)
        def needs_memory(self): return "a" * (1 << 62)
        def prints(self): print("x" * 100_000)
        def forks(self):
            if os.fork():
                os.wait()
        def forks_and_fails(self):
            if not os.fork():
                raise ValueError("in the child")
            os.wait()
        def leaks(self): threading.Thread(target=time.sleep, args=(600,), name="stuck").start()
        def uses_a_pool(self):
            from concurrent.futures import ThreadPoolExecutor
            self.pool = ThreadPoolExecutor(1)
            self.pool.submit(time.sleep, 0)
        def closes_all(self): os.closerange(0, 100)

    class Nonsense:
        name = "nonsense"
        def run(self, ctx): return 5
"""


@pytest.mark.real
@pytest.mark.parametrize(("what", "code", "error"), [
    ("raises", 1, "ValueError: no such region: ***"),
    ("leaves_at_once", 0, "its process ended before the job returned"),
    ("leaves", 1, "SystemExit: 0"),
    ("is_killed", -9, "its process ended before the job returned"),
    ("is_stopped", 1, "the run was asked to stop"),
    ("needs_memory", 1, "MemoryError"),
    ("prints", 0, ""),
    ("forks", 0, ""),
    ("forks_and_fails", 0, ""),
    ("uses_a_pool", 0, ""),
    ("closes_all", 0, ""),
])  # fmt: skip
def test_whatever_it_does_it_ends_with_a_result(tmp_path: Path, what: str, code: int, error: str) -> None:
    """Exit code 0 alone is no success: the result counts, and a process that ended too soon left none."""
    extension(tmp_path, "hostile", HOSTILE)
    ended = attempt(tmp_path, "extensions/hostile/jobs.py:Hostile", do=what)
    assert (ended.result.error, ended.result.succeeded) == (error, error == "")
    if what != "closes_all":
        assert ended.code == code, ended
    assert ("Traceback" in ended.err) == (what in ("raises", "leaves", "needs_memory", "forks_and_fails"))
    assert "scheduler/python_jobs" not in ended.err, "a traceback begins where the job's own code does"
    (left,) = (tmp_path / "var").glob("*.result")
    assert stat.S_IMODE(left.stat().st_mode) == 0o600


@pytest.mark.real
@pytest.mark.long
def test_threads_that_do_not_end_fail_the_run(tmp_path: Path) -> None:
    """They are waited for a while, and named; the process does not wait for them for ever."""
    extension(tmp_path, "hostile", HOSTILE)
    ended = attempt(tmp_path, "extensions/hostile/jobs.py:Hostile", do="leaks")
    assert (ended.code, ended.result.error) == (1, "it left a thread that did not end: stuck")


@pytest.mark.real
@pytest.mark.parametrize(("source", "target", "error"), [
    ("import nothing_like_it\n", "A",
     "extensions/a/jobs.py:A cannot be imported: ModuleNotFoundError: No module named 'nothing_like_it'"),
    ("def (\n", "A", "extensions/a/jobs.py:A cannot be imported: SyntaxError: "),
    ("import os\nos._exit(0)\n", "A", "its process ended while extensions/a/jobs.py:A was imported (30 s at most)"),
    ("", "A", "there is no A in extensions/a/jobs.py"),
    ("A = 5\n", "A", "what the config names is a int, which cannot be called"),
    ("class A:\n    name = 'a'\n", "A", "A has no run(self, ctx)"),
    ("class A:\n    region: str\n    def run(self, ctx): pass\n", "A", "A needs a value for region: see params"),
])  # fmt: skip
def test_code_that_cannot_be_had_fails_the_run(tmp_path: Path, source: str, target: str, error: str) -> None:
    """The result says what is wrong with it, in one sentence."""
    extension(tmp_path, "a", source)
    ended = attempt(tmp_path, f"extensions/a/jobs.py:{target}")
    assert not ended.result.succeeded
    assert ended.result.error.startswith(error)


@pytest.mark.real
def test_an_import_that_hangs_fails_the_run(tmp_path: Path) -> None:
    """Even where it blocks all signals; the log shows where it hung."""
    block = "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())"
    extension(
        tmp_path,
        "a",
        f"import signal, threading\n{block}\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n",
    )
    ended = attempt(tmp_path, "extensions/a/jobs.py:A", import_limit_s=0.5)
    assert (ended.code, ended.result.succeeded) == (1, False)
    assert ended.result.error == "its process ended while extensions/a/jobs.py:A was imported (0.5 s at most)"
    assert "extensions/a/jobs.py" in ended.err


@pytest.mark.real
def test_a_file_that_others_can_write_is_not_run(tmp_path: Path) -> None:
    """Nor one beside it: whoever can write there would act as the owner of the home."""
    path = extension(tmp_path, "a", "class A:\n    name = 'a'\n    def run(self, ctx): pass\n")
    path.chmod(0o666)
    assert "others can write" in attempt(tmp_path, "extensions/a/jobs.py:A").result.error
    path.chmod(0o644)
    beside = path.with_name("beside.py")
    beside.write_text("")
    beside.chmod(0o666)
    assert "others can write" in attempt(tmp_path, "extensions/a/jobs.py:A").result.error


@pytest.mark.real
def test_an_extension_does_not_hide_a_package(tmp_path: Path) -> None:
    """One that has the name of a module of Python, or of ours, is refused, and the module is what it was."""
    for name in ("json", "scheduler"):
        extension(tmp_path, name, "class A:\n    name = 'a'\n    def run(self, ctx): pass\n")
        error = attempt(tmp_path, f"extensions/{name}/jobs.py:A").result.error
        assert error == f"extensions/{name} has the name of another package of Python: rename the folder"


@pytest.mark.real
def test_a_job_has_what_it_is_promised(tmp_path: Path) -> None:
    """An async job: fields, context, logger, a module beside it, and the state that it and its result left."""
    source = """
        import asyncio, time
        from report.beside import GREETING
        from scheduler.job import Job, JobContext, JobResult

        class Report(Job):
            name = "report"
            region: str = "eu"

            async def run(self, ctx: JobContext) -> JobResult:
                await asyncio.to_thread(time.sleep, 0)
                ctx.logger.warning("%s %s", GREETING, self.region, extra={"count": 3})
                seen = ctx.state / "seen"
                before = seen.read_text() if seen.exists() else "nothing"
                seen.write_text(f"run {ctx.run}")
                last = ctx.previous.metrics["rows"] if ctx.previous else 0
                return JobResult(message=before, items_processed=4, items_failed=1, metrics={"rows": last + 1})
    """
    extension(tmp_path, "report", source).with_name("beside.py").write_text("GREETING = 'hello'\n")
    first = attempt(tmp_path, "extensions/report/jobs.py:Report", "report", region="us")
    again = attempt(tmp_path, "report.jobs:Report", "report")
    assert json.loads(first.out) == {"level": "warning", "message": "hello us", "count": 3}
    assert (first.code, first.result.message, first.result.metrics) == (0, "nothing", {"rows": 1})
    assert (again.result.message, again.result.metrics) == ("run 7", {"rows": 2})
    assert (again.result.items_processed, again.result.items_failed) == (4, 1)
    assert stat.S_IMODE((tmp_path / "var" / "jobs" / "report").stat().st_mode) == 0o700
