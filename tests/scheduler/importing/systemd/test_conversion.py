"""From timers and services to jobs: what is carried over, and what is said of each line."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.command import command_argv, needs_shell
from scheduler.definition import JobDefinition
from scheduler.importing.systemd.command_line import configured, read_commands
from scheduler.importing.systemd.keys import SERVICE_KEYS, TIMER_KEYS
from scheduler.importing.systemd.time_span import BadSpan, seconds_of
from scheduler.importing.systemd.unit_file import NoUnit, read_directives
from tests.support.importing import converted_timer, told, unit


def keys(timer: str, service: str = "ExecStart=/bin/true", **options: str | bool) -> dict[str, object]:
    """The keys of the one job of a timer."""
    owner, of_user = str(options.get("owner", "root")), bool(options.get("of_user"))
    (job,) = converted_timer(timer, f"[Service]\n{service}\n", owner=owner, of_user=of_user).found.jobs
    return job.keys


def test_a_job_does_what_the_service_did() -> None:
    """Command, folder, PATH and catching up as systemd has them."""
    assert keys("OnCalendar=daily") == {
        "schedule": "0 0 * * *",
        "timezone": "UTC",
        "catch_up": "none",
        "command": "/bin/true",
        "working_directory": "/",
        "env": {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    }


def test_persistent_timers_catch_up() -> None:
    """One run for all that was missed, as systemd does."""
    assert keys("OnCalendar=daily\nPersistent=true")["catch_up"] == "one"


def test_random_delays_become_a_jitter() -> None:
    """Where the times leave room for it; that it is always the same is said."""
    checked = converted_timer("OnCalendar=daily\nRandomizedDelaySec=1h 30min")
    assert checked.found.jobs[0].keys["jitter"] == "1h30m"
    assert len(told(checked, "note")) == 1
    checked = converted_timer("OnCalendar=hourly\nRandomizedDelaySec=1h")
    assert "jitter" not in checked.found.jobs[0].keys
    assert [line for line, _ in told(checked, "lost")] == [3]


def test_several_events_are_one_job_where_one_can_have_them() -> None:
    """Else several, and it is said; an empty value takes back what stood before it."""
    assert keys("OnCalendar=weekly\nOnCalendar=\nOnCalendar=02:00\nOnCalendar=Sat 06:00")["schedule"] == [
        "0 2 * * *",
        "0 6 * * 6",
    ]
    checked = converted_timer("OnCalendar=02:00\nOnCalendar=03:00 Europe/Paris\nOnCalendar=*:*:0/20")
    assert [job.name for job in checked.found.jobs] == ["job", "job-2", "job-3"]
    assert checked.different == []
    assert "several jobs" in told(checked, "note")[0][1]


def test_monotonic_timers_become_intervals_or_boots() -> None:
    """As far as that goes, and it is said how it differs; there is nothing to compare."""
    repeated = converted_timer("OnBootSec=15min\nOnUnitActiveSec=1d")
    assert repeated.found.jobs[0].keys["every"] == "1d"
    assert repeated.compared == {}
    assert {line for line, _ in told(repeated, "note")} == {2, 3}
    at_boot = converted_timer("OnBootSec=5min")
    assert at_boot.found.jobs[0].keys["schedule"] == "@reboot"
    assert len(told(at_boot, "note")) == 1


@pytest.mark.parametrize(
    ("timer", "service", "why"),
    [
        ("Persistent=true", "ExecStart=x", "no time"),
        ("OnCalendar=bogus", "ExecStart=x", "no calendar event"),
        ("OnUnitActiveSec=soon", "ExecStart=x", "no time span"),
        ("OnCalendar=daily", "Type=oneshot", "has no ExecStart="),
        ("OnCalendar=daily", "ExecStart='x", "a quote does not end"),
        ("OnCalendar=daily", "ExecStart=x %H", "%H is not known"),
        ("OnCalendar=daily", "ExecStart=x\nDynamicUser=yes", "makes a user for each run"),
        ("OnCalendar=daily", "ExecStart=x\nUser=%i", "no name of a user"),
        ("OnCalendar=daily", "ExecStart=\\q", "there is no escape"),
    ],
)
def test_what_cannot_be_carried_over_is_refused(timer: str, service: str, why: str) -> None:
    """With the reason; the config is one all the same."""
    checked = converted_timer(timer, f"[Service]\n{service}\n")
    assert checked.found.jobs == []
    assert why in told(checked, "refused")[0][1]
    assert "jobs: {}" in checked.text


def test_a_timer_without_its_service_is_refused() -> None:
    """There is nothing to run."""
    assert told(converted_timer("OnCalendar=daily", None), "refused") == [(1, "there is no job.service")]


def test_users_and_folders() -> None:
    """A system's unit runs as root unless it says otherwise, a user's as the owner of the home."""
    assert keys("OnCalendar=daily", "ExecStart=x\nUser=www-data\nGroup=adm")["run_as"] == "www-data:adm"
    assert "run_as" not in keys("OnCalendar=daily", "ExecStart=x\nUser=root")
    of_ann = keys("OnCalendar=daily", "ExecStart=x", owner="ann", of_user=True)
    assert (of_ann["working_directory"], "run_as" in of_ann) == ("/home/ann", False)
    refused = converted_timer("OnCalendar=daily", owner="ann")
    assert "it runs as root" in told(refused, "refused")[0][1]
    assert (
        keys("OnCalendar=daily", "ExecStart=x\nWorkingDirectory=/srv/%p")["working_directory"] == "/srv/job"
    )


def test_bounds_and_variables() -> None:
    """Timeouts, exit codes, limits and variables have keys of their own."""
    found = keys(
        "OnCalendar=daily",
        "Type=oneshot\nExecStart=x\nTimeoutStartSec=90\nTimeoutStopSec=1min\nSuccessExitStatus=3 75\nNice=5\n"
        "MemoryMax=512M\nEnvironment=A=1 \"B=x y\" 'C=%%'\nEnvironment=PATH=/opt\n",
    )
    assert (found["timeout"], found["kill_after"]) == ("1m30s", "1m")
    assert found["success_codes"] == [0, 3, 75]
    assert found["limits"] == {"nice": 5, "memory": "512MiB"}
    assert found["env"] == {"PATH": "/opt", "A": "1", "B": "x y", "C": "%"}


@pytest.mark.parametrize("span", ["4000y", "584542y", "999999999999y"])
def test_a_random_delay_of_any_length_is_told_as_lost(span: str) -> None:
    """Also one that is no duration of the config, or of systemd."""
    checked = converted_timer(f"OnCalendar=daily\nRandomizedDelaySec={span}")
    assert [line for line, _ in told(checked, "lost")] == [3]
    assert "jitter" not in checked.found.jobs[0].keys


def test_an_interval_that_systemd_refuses_is_refused() -> None:
    """With what was written."""
    checked = converted_timer("OnUnitActiveSec=999999999999y")
    why = "OnUnitActiveSec=: '999999999999y' is longer than systemd takes"
    assert told(checked, "refused") == [(2, why)]


def test_each_line_that_is_lost_is_told() -> None:
    """By its line and its key, in the service as in the timer."""
    checked = converted_timer(
        "OnCalendar=daily\nWakeSystem=true",
        "[Service]\nExecStart=x\nEnvironmentFile=/etc/default/x\nPrivateTmp=yes\n",
    )
    assert told(checked, "lost") == [
        (3, "WakeSystem=true is not carried over"),
        (3, "EnvironmentFile=/etc/default/x is not carried over"),
        (4, "PrivateTmp=yes is not carried over"),
    ]


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        ("Nice=++5", "lost", "Nice=++5: a job can have 1 to 19"),
        (
            r"ExecStart=/bin/echo \ud800",
            "refused",
            r"ExecStart= cannot be carried over: there is no escape '\\ud8'",
        ),
        (
            r"Environment=A=\U0000dfff",
            "refused",
            r"Environment= cannot be carried over: there is no escape '\\U00'",
        ),
    ],
)
def test_what_systemd_refuses_in_a_service_is_told(line: str, kind: str, said: str) -> None:
    """Two signs in front of a number, and half of a pair of UTF-16, which no text can hold."""
    checked = converted_timer("OnCalendar=daily", f"[Service]\nExecStart=/bin/true\n{line}\n")
    assert told(checked, kind) == [(3, said)]


AWKWARD = st.text(st.sampled_from("0159+-*/.,:~%\\\"';$@ {}axuUnsydMk\u00e9\u0663"), max_size=12)


@example(timer=("RandomizedDelaySec", "9" * 12 + "y"), service=("Nice", "++5"))
@given(
    timer=st.tuples(st.sampled_from(sorted(TIMER_KEYS)), AWKWARD),
    service=st.tuples(st.sampled_from(sorted(SERVICE_KEYS)), AWKWARD),
)
def test_whatever_a_key_holds_the_import_says_something_of_it(
    timer: tuple[str, str], service: tuple[str, str]
) -> None:
    """A job comes of it, or the reason why not; never an end in the middle."""
    checked = converted_timer(
        f"OnCalendar=daily\n{'='.join(timer)}", f"[Service]\nExecStart=/bin/true\n{'='.join(service)}\n"
    )
    assert checked.found.jobs or told(checked, "refused")


COMMANDS: list[tuple[str, list[str] | str]] = [
    (r"""/bin/echo one 'two three' "a\tb" c\x41""", ["/bin/echo", "one", "two three", "a\tb", "cA"]),
    ("/bin/echo plain words", ["/bin/echo", "plain", "words"]),
    ("/bin/echo $$HOME 100%%", ["/bin/echo", "$HOME", "100%"]),
    ("/bin/sh -c 'a | b'", ["/bin/sh", "-c", "a | b"]),
    ("-/bin/false", "/bin/false || true"),
    (":/bin/echo $HOME ${HOME}", ["/bin/echo", "$HOME", "${HOME}"]),
    ("@/bin/echo argv0 x", ["/bin/echo", "x"]),
    ("/bin/echo a ; /bin/echo b", "/bin/echo a && /bin/echo b"),
    (r"/bin/echo a \; b", ["/bin/echo", "a", ";", "b"]),
    ("/bin/echo ${A}x $B", '/bin/echo "${A}"x $B'),
    ("/usr/bin/env %n %p %i", ["/usr/bin/env", "a@b.service", "a", "b"]),
]


@pytest.mark.parametrize(("line", "expected"), COMMANDS)
def test_command_lines_are_what_systemd_makes_of_them(line: str, expected: list[str] | str) -> None:
    """Quotes, escapes, prefixes, variables, specifiers, several commands (systemd.service(5))."""
    command = configured(read_commands(line, {"n": "a@b.service", "p": "a", "i": "b"}))
    shell = isinstance(command, str) and needs_shell(command)
    run = command_argv(JobDefinition(name="x", command=command, shell=shell))
    assert run == (["/bin/sh", "-c", expected] if isinstance(expected, str) else expected)


def test_variables_reach_the_command_as_from_systemd() -> None:
    """`${A}` is one word whatever it holds, `$B` as many as it has."""
    command = configured(read_commands("/usr/bin/printf '[%%s]' ${A} $B \"$$x ${A}\"", {}))
    assert isinstance(command, str)
    definition = JobDefinition(name="x", command=command, shell=needs_shell(command))
    env = {"A": "1  2", "B": "3 4"}
    done = subprocess.run(command_argv(definition), capture_output=True, check=True, env=env)
    assert done.stdout == b"[1  2][3][4][$x 1  2]"


@given(
    words=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1), min_size=1
    )
)
def test_any_words_in_quotes_reach_the_command(words: list[str]) -> None:
    """What is quoted for systemd comes to the program as it was."""
    quoted = " ".join(
        '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"' for word in words
    )
    (command,) = read_commands(f":/bin/x {quoted}", {})
    expected = [";" if word == ";" else word for word in words]
    assert command.words == ["/bin/x", *expected]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1h 30min", 5400),
        ("2days3h", 183_600),
        ("1.5m", 90),
        ("300ms20s 5day", 432_021),
        ("infinity", None),
        ("584542y", 18_446_742_619_200),
    ],
)
def test_time_spans_are_read_as_systemd_reads_them(text: str, seconds: int | None) -> None:
    """Units in any order, seconds without one; parts of a second are rounded up."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "1h,2", "-5", "584543y", "999999999999y"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    """With its words."""
    with pytest.raises(BadSpan):
        seconds_of(text)


def test_unit_files_are_read_as_systemd_reads_them() -> None:
    """Lines go on behind a backslash, also over comments; blanks around the sign do not count."""
    read = unit("x.service", "# c\n[A]\n; c\nKey = a \\\n# between\n  b\\\nc\nEmpty=\nKey=z\n[B]\nKey=y\n")
    assert [(each.line, each.section, each.key, each.value) for each in read.directives] == [
        (4, "A", "Key", "a  b c"),
        (8, "A", "Empty", ""),
        (9, "A", "Key", "z"),
        (11, "B", "Key", "y"),
    ]


@pytest.mark.parametrize("raw", [b"\0", b"\xff", b"Key=value", b"[A]\nx", b"[A\n", b"x" * 2_000_000])
def test_what_is_no_unit_file_is_refused(raw: bytes) -> None:
    """With the reason."""
    with pytest.raises(NoUnit):
        read_directives(raw, "x")


@given(raw=st.binary(max_size=100))
def test_any_bytes_are_a_unit_file_or_are_refused(raw: bytes) -> None:
    """Never anything else."""
    try:
        read_directives(b"[Timer]\n" + raw, "x")
    except NoUnit:
        return
