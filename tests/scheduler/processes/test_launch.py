from __future__ import annotations

import os
import resource
import selectors
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scheduler.processes import PROCESS_EXITS, Launched, LaunchFailed, PosixSpawner
from scheduler.processes.recognition.attempt_secret import digest_of
from tests.scheduler.processes.conftest import PATH, PATIENCE_S, Runs
from tests.support.command import DEADLINE_S


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_exit_code(runs: Runs, code: int) -> None:
    """The exit code is reported, with CPU time, under the run's number, and there is no signal."""
    runs.shell(5, f"exit {code}")
    ended = runs.exit()
    assert (ended.run, ended.attempt, ended.exit_code, ended.signal) == (5, 1, code, None)
    assert ended.cpu_ms is not None
    assert ended.cpu_ms >= 0
    assert runs.spawner.exits() == []


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGHUP, signal.SIGPIPE]
)
def test_signal(runs: Runs, number: signal.Signals) -> None:
    """A process that a signal ends is reported with the signal and without an exit code."""
    runs.shell(5, f"ulimit -c 0; kill -{number.value} $$; exit 3")
    ended = runs.exit()
    assert (ended.exit_code, ended.signal) == (None, number)


def test_memory_above_ours(runs: Runs) -> None:
    """A peak of memory above the scheduler's own is reported to within the program's own size."""
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    size = ours + (200 << 20)
    runs.launch(5, [sys.executable, "-I", "-c", f"x = b'1' * {size}"])
    ended = runs.exit()
    assert ended.memory_peak_bytes is not None
    assert size < ended.memory_peak_bytes < size + (50 << 20)


def test_memory_below_ours(runs: Runs) -> None:
    """A small process is not reported with the scheduler's own peak, which Linux hands to it at vfork."""
    runs.launch(5, ["true"])
    assert runs.exit().memory_peak_bytes is None


def test_cpu_time(runs: Runs) -> None:
    """CPU time counts what the process and its children used."""
    runs.launch(5, [sys.executable, "-I", "-c", "import time\nwhile time.process_time() < 0.2: pass"])
    cpu_ms = runs.exit().cpu_ms
    assert cpu_ms is not None
    assert 200 <= cpu_ms < 2000


def test_output_files(runs: Runs) -> None:
    """Both outputs are captured byte for byte in files of mode 0600 in new folders of mode 0700."""
    runs.shell(5, r"printf 'out\377\000'; printf err >&2")
    runs.exit()
    assert runs.output(5).read_bytes() == b"out\xff\x00"
    assert runs.output(5, "stderr").read_bytes() == b"err"
    assert stat.S_IMODE(runs.output(5).stat().st_mode) == 0o600
    assert stat.S_IMODE(runs.output(5, "stderr").stat().st_mode) == 0o600
    for folder in (runs.folder / "logs", runs.folder / "logs" / "output"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_output_appends(runs: Runs) -> None:
    """What a run's processes write to one file is appended, however many of them have it open."""
    runs.shell(5, f"printf one; printf two >> {runs.output(5)}; printf three")
    runs.exit()
    assert runs.output(5).read_bytes() == b"onetwothree"


def test_output_where_ours_is_closed(runs: Runs) -> None:
    """A scheduler whose own input and output are closed gives its runs theirs nevertheless."""
    program = (
        "import os, sys\n"
        "from scheduler.processes import Launch, PosixSpawner\n"
        "folder, ledger = sys.argv[1:]\n"
        "spawner = PosixSpawner(ledger)\n"
        "script = 'printf out; printf err >&2; readlink /proc/self/fd/0 > in'\n"
        "launch = Launch(5, 1, ['/bin/sh', '-c', script], {}, folder, f'{folder}/out', f'{folder}/err')\n"
        "os.closerange(0, 3)\n"
        "spawner.launch([launch])\n"
        "spawner.wait(60)\n"
        "os._exit(spawner.exits()[0].exit_code)\n"
    )
    command = [sys.executable, "-I", "-c", program, str(runs.work), runs.ledger_id]
    assert subprocess.run(command, check=False).returncode == 0
    written = {name: (runs.work / name).read_text() for name in ("out", "err", "in")}
    assert written == {"out": "out", "err": "err", "in": "/dev/null\n"}


def test_environment_is_exact(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process sees the given environment and the variables of ours, and nothing of the scheduler's."""
    monkeypatch.setenv("SECRET_OF_THE_SCHEDULER", "1")
    runs.launch(5, ["/usr/bin/env", "-0"], env={"GREETING": "hé llo=\n!", "EMPTY": "", "CRONLEDGER_RUN": "9"})
    assert runs.exit().exit_code == 0
    members = runs.output(5).read_bytes().split(b"\0")
    (secret,) = (member[18:] for member in members if member.startswith(b"CRONLEDGER_SECRET="))
    assert runs.spawner.secret_sha256(5, 1) == digest_of(secret.decode())
    assert sorted(members) == sorted(
        [
            b"",
            "GREETING=hé llo=\n!".encode(),
            b"EMPTY=",
            b"CRONLEDGER_LEDGER=" + runs.ledger_id.encode(),
            b"CRONLEDGER_RUN=5",
            b"CRONLEDGER_ATTEMPT=1",
            b"CRONLEDGER_SECRET=" + secret,
        ]
    )


def test_no_descriptor_leaks(tmp_path: Path) -> None:
    """The process has three descriptors, even if the scheduler inherited one that is handed on."""
    program = (
        "import sys\n"
        "from scheduler.processes import Launch, PosixSpawner\n"
        "folder = sys.argv[1]\n"
        "kept = open('/etc/passwd')\n"
        "spawner = PosixSpawner('fds')\n"
        "for run in (1, 2):\n"
        "    listing = ['/bin/ls', '/proc/self/fd']\n"
        "    spawner.launch([Launch(run, 1, listing, {}, folder, f'{folder}/{run}o', f'{folder}/{run}e')])\n"
        "    spawner.wait(20)\n"
        "    assert spawner.exits()[0].exit_code == 0\n"
    )
    reading, writing = os.pipe()
    try:
        command = [sys.executable, "-I", "-c", program, str(tmp_path)]
        subprocess.run(command, check=True, pass_fds=(reading, writing), timeout=DEADLINE_S)
    finally:
        os.close(reading)
        os.close(writing)
    # The fourth is the one by which `ls` reads the folder.
    for run in (1, 2):
        assert (tmp_path / f"{run}o").read_text().split() == ["0", "1", "2", "3"]


def test_input_is_empty(runs: Runs) -> None:
    """Standard input is /dev/null."""
    runs.shell(5, "readlink /proc/self/fd/0; cat")
    assert runs.exit().exit_code == 0
    assert runs.output(5).read_text() == "/dev/null\n"


def test_session_of_its_own(runs: Runs) -> None:
    """The process leads a session and a process group of its own."""
    pipe = runs.pipe("hold")
    pid = runs.shell(5, f"read line < {pipe}")
    assert os.getsid(pid) == os.getpgid(pid) == pid
    pipe.write_text("go\n")
    assert runs.exit().exit_code == 0


def test_signals_are_default(runs: Runs) -> None:
    """Signals that the scheduler blocks, ignores or handles have their default action in the process."""
    ignored = (signal.SIGUSR1, signal.SIGRTMIN)
    previous = [signal.signal(each, signal.SIG_IGN) for each in ignored]
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
        runs.launch(5, ["cat", "/proc/self/status"])
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR2})
        for each, handler in zip(ignored, previous, strict=True):
            signal.signal(each, handler)
    assert runs.exit().exit_code == 0
    status = dict(
        line.split(":\t") for line in runs.output(5).read_text().splitlines() if line.startswith("Sig")
    )
    internal = 1 << 31 | 1 << 32  # signals 32 and 33 belong to the C library
    assert [int(status[name], 16) & ~internal for name in ("SigBlk", "SigIgn", "SigCgt")] == [0, 0, 0]


def test_working_directory(runs: Runs) -> None:
    """The process runs in its working directory and the scheduler stays where it is."""
    here = os.getcwd()
    runs.launch(5, ["pwd"])
    runs.exit()
    assert runs.output(5).read_text() == f"{runs.work}\n"
    runs.launch(6, ["pwd"], work=Path(here))
    runs.exit()
    assert runs.output(6).read_text() == f"{here}\n"
    assert os.getcwd() == here


def test_launch_from_deleted_folder(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler whose own working directory was deleted still starts runs."""
    gone = runs.folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    runs.launch(5, ["pwd"])
    assert runs.exit().exit_code == 0


def test_program_relative_to_working_directory(runs: Runs) -> None:
    """A path with a slash, and a relative member of PATH, start at the working directory."""
    script = runs.work / "bin" / "hello"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\necho hello $1\n")
    script.chmod(0o755)
    runs.launch(5, ["./bin/hello", "you"])
    assert runs.exit().exit_code == 0
    runs.launch(6, ["hello", "you"], env={"PATH": "/nowhere:bin"})
    assert runs.exit().exit_code == 0
    assert runs.output(5).read_text() == runs.output(6).read_text() == "hello you\n"


def test_path_of_the_job_counts(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is looked for in the job's PATH and not in the scheduler's; without one, in the usual places."""
    monkeypatch.setenv("PATH", "/nowhere")
    runs.launch(5, ["true"], env={"PATH": PATH})
    assert runs.exit().exit_code == 0
    runs.launch(6, ["true"], env={})
    assert runs.exit().exit_code == 0
    with pytest.raises(LaunchFailed, match=r"no 'true' in its PATH$"):
        runs.launch(7, ["true"], env={"PATH": "/nowhere"})


def test_script_without_first_line(runs: Runs) -> None:
    """A script without a #! line runs in /bin/sh, as it does from a shell and from cron."""
    script = runs.work / "-plain"
    script.write_text('echo "$0" "$1"\n')
    script.chmod(0o755)
    runs.launch(5, ["./-plain", "a b"])
    assert runs.exit().exit_code == 0
    assert runs.output(5).read_text() == f"{runs.work}/./-plain a b\n"


def test_selector_tells_of_exits(runs: Runs) -> None:
    """The owner's selector gets one key, marked, that is ready exactly when a main process has ended."""
    with selectors.DefaultSelector() as selector:
        runs.spawner.close()
        runs.spawner = PosixSpawner(runs.ledger_id, selector)
        pipes = [runs.pipe("hold-5"), runs.pipe("hold-6")]
        runs.shell(5, f"read line < {pipes[0]}; exit 4")
        runs.shell(6, f"read line < {pipes[1]}; exit 4")
        assert selector.select(0) == []
        for pipe in pipes:
            pipe.write_text("go\n")
        ended: set[int] = set()
        while len(ended) < 2:
            ((key, _),) = selector.select(PATIENCE_S)
            assert key.data is PROCESS_EXITS
            ended.update(one.run for one in runs.spawner.exits())
        assert ended == {5, 6}
        assert selector.select(0) == []


def test_ignored_sigchld_is_undone(tmp_path: Path) -> None:
    """A scheduler that was started with SIGCHLD ignored still learns exit codes."""
    program = (
        "import sys\n"
        "from scheduler.processes import Launch, PosixSpawner\n"
        "folder = sys.argv[1]\n"
        "spawner = PosixSpawner('chld')\n"
        "spawner.launch([Launch(1, 1, ['/bin/sh', '-c', 'exit 7'], {}, folder, f'{folder}/o', f'{folder}/e')])\n"
        "spawner.wait(20)\n"
        "sys.exit(spawner.exits()[0].exit_code)\n"
    )
    ignoring = (
        f"import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv({sys.executable!r}, "
    )
    ignoring += f"[{sys.executable!r}, '-I', '-c', {program!r}, {str(tmp_path)!r}])"
    done = subprocess.run([sys.executable, "-I", "-c", ignoring], check=False, timeout=DEADLINE_S)
    assert done.returncode == 7


def test_many_at_once(runs: Runs) -> None:
    """Two hundred processes at once are all reaped, and no descriptor stays open."""
    before = len(os.listdir("/proc/self/fd"))
    for run in range(200):
        runs.launch(run, ["/bin/sh", "-c", f"exit {run % 100}"])
    ended: dict[int, int | None] = {}
    while len(ended) < 200:
        assert runs.spawner.wait(PATIENCE_S)
        ended.update((one.run, one.exit_code) for one in runs.spawner.exits())
    assert ended == {run: run % 100 for run in range(200)}
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_herd_is_started_in_order(runs: Runs) -> None:
    """What came of each of several launches is told in their order: one that fails changes nothing for the others."""
    other = runs.folder / "other"
    other.mkdir()
    launches = [
        runs.prepared(5, ["pwd"]),
        runs.prepared(6, ["no-such-program"]),
        runs.prepared(7, ["pwd"], work=other),
        runs.prepared(8, ["pwd"], work=runs.folder / "gone"),
        runs.prepared(9, ["pwd"]),
    ]
    here, before_s = os.getcwd(), time.monotonic()
    results = runs.spawner.launch(launches)
    assert os.getcwd() == here
    reasons = {
        launch.run: str(result)
        for launch, result in zip(launches, results, strict=True)
        if isinstance(result, LaunchFailed)
    }
    assert reasons.keys() == {6, 8}
    assert reasons[6].startswith("program not found: no 'no-such-program'")
    assert reasons[8].startswith("cannot start in the working directory")
    started_s = [result.started_s for result in results if isinstance(result, Launched)]
    moments_s = [before_s, *started_s, time.monotonic()]
    assert moments_s == sorted(moments_s)
    ended: list[int] = []
    while len(ended) < 3:
        assert runs.spawner.wait(PATIENCE_S)
        ended += [one.run for one in runs.spawner.exits() if one.exit_code == 0]
    printed = [runs.output(run).read_text().strip() for run in (5, 7, 9)]
    assert printed == [str(runs.work), str(other), str(runs.work)]
