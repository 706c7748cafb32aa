from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.configuration.errors import COUNTED_MAX, LISTED_MAX, ConfigInvalid
from scheduler.configuration.load import parse
from tests.scheduler.configuration.reading import PATH, read, refused, the_mistake

JOB = "jobs:\n  a:\n    command: x\n    every: 5m\n"
NO_TIME = "jobs:\n  a:\n    command: x\n"
CLEAN = 'jobs:\n  log-cleanup:\n    schedule: "@daily"\n'


@pytest.mark.parametrize(("text", "line", "column", "part", "suggestion"), [
    # keys
    (JOB + "    timout: 5m\n", 5, 5, "unknown key 'timout' in a job", "timeout"),
    (JOB + "    retries: 3\n", 5, 5, "unknown key 'retries' in a job", "retry"),
    (JOB + "    disabled: true\n", 5, 5, "unknown key 'disabled' in a job, which takes", ""),
    (JOB + "    timezone: GMT+2\n", 5, 15, "2 hours ahead of UTC all year write Etc/GMT-2", "Etc/GMT-2"),
    (JOB + "    timezone: CST\n", 5, 15, "short for several times: write the place", ""),
    (JOB + "    cwd: /\n", 5, 5, "unknown key 'cwd'", "working_directory"),
    (JOB + "    zzz: 1\n", 5, 5, "which takes command, python, description", ""),
    (JOB + "    max_parallel: 1\n", 5, 5, "does not belong to a job but to the scheduler block", ""),
    (JOB + "    attempts: 3\n", 5, 5, "stand in a job by itself but in a block, such as retry: {attempts: 5", ""),
    (JOB + "    memory: 2GB\n", 5, 5, "stand in a job by itself but in a block, such as limits: {memory", ""),
    (JOB + "    within: 6h\n", 5, 5, "stand in a job by itself but in a block, such as after: {jobs: extract", ""),
    (JOB + "defaults: {delay: 5m}\n", 5, 12, "stand in defaults by itself but in a block, such as retry: {", ""),
    ("jobs:\n  mine: {every: 5m}\n", 2, 3, "that need none, nor a class in extensions/", ""),
    (JOB + "    every: 6m\n", 5, 5, "'every' is written twice: the first one is in line 4", ""),
    (JOB + "  a: {}\n", 5, 3, "'a' is written twice: the first one is in line 2", ""),
    (JOB + "  b: {comand: x, every: 5m}\n", 5, 7, "unknown key 'comand'", "command"),
    (JOB + "  b: {command: x, cron: '@daily'}\n", 5, 19, "unknown key 'cron'", "schedule"),
    (JOB + "job: {}\n", 5, 1, "unknown key 'job' at the top", "jobs"),
    (JOB + "b: {command: x, every: 5m}\n", 5, 1, "'b' looks like a job: jobs stand indented under", ""),
    (JOB + "timeout: 5m\n", 5, 1, "timeout belongs to a job", ""),
    (JOB + "defaults: {schedule: '@daily'}\n", 5, 12, "schedule belongs to each job", ""),
    (JOB + "otlp: http://a.example\n", 5, 1, "otlp belongs to the telemetry block: it stands indented under", ""),
    (JOB + "max_parallel: 3\n", 5, 1, "max_parallel belongs to the scheduler block", ""),
    (JOB + "opentelemetry: {}\n", 5, 1, "unknown key 'opentelemetry' at the top", "telemetry"),
    (JOB + "telemetry: {oltp: x}\n", 5, 13, "unknown key 'oltp' in the telemetry block", "otlp"),
    (JOB + "telemetry: {otlp: 'http://a/v1/logs'}\n", 5, 19, "this is a base address", ""),
    (JOB + "telemetry: {metrics: 10ms}\n", 5, 22, "duration", ""),
    (JOB + "telemetry: {metrics: 2d}\n", 5, 22, "this takes a duration from 1s to 1d", ""),
    (JOB + "scheduler: {otlp: x}\n", 5, 13, "does not belong to the scheduler block but to the telemetry", ""),
    (JOB + "    telemetry: {}\n", 5, 5, "does not belong to a job: it is a block at the top of the config", ""),
    (JOB + "defaults: {timezon: UTC}\n", 5, 12, "unknown key 'timezon' in defaults", "timezone"),
    (JOB + "scheduler: {fsynk: never}\n", 5, 13, "unknown key 'fsynk' in the scheduler block", "fsync"),
    (JOB + "  b: {? [x] : y, command: x, every: 5m}\n", 5, 9, "a key must be a plain word", ""),
    # tags
    (JOB + "    tags: {}\n", 5, 11, "this takes a list of tags, or one tag, not a mapping", ""),
    (JOB + "    tags: prod, db\n", 5, 11, "'prod, db' is no tag", "[prod, db]"),
    (JOB + "    tags: [a, my tag]\n", 5, 15, "'my tag' is no tag", "my, tag"),
    (JOB + "    tags: [a, ça]\n", 5, 15, "'ça' is no tag", "ca"),
    (JOB + "    tags: [a, b, a]\n", 5, 18, "the tag a stands here twice", ""),
    (JOB + "    tags: [a, none]\n", 5, 15, "the word none stands for no tags at all", ""),
    (JOB + "    tags: [on]\n", 5, 12, "YAML reads on as a boolean", '"on"'),
    (JOB + "    tags: [[a]]\n", 5, 12, "this takes a tag, such as prod, not a list", ""),
    (JOB + "    labels: [a]\n", 5, 5, "unknown key 'labels' in a job", "tags"),
    # text
    (JOB + "    description: on\n", 5, 18, "YAML reads on as a boolean", '"on"'),
    (JOB + "    description: 010\n", 5, 18, "YAML reads 010 as a number", '"010"'),
    (JOB + "    description: 1:30\n", 5, 18, "YAML reads 1:30 as a number", '"1:30"'),
    (JOB + "    description: 2026-01-01\n", 5, 18, "YAML reads 2026-01-01 as a date", '"2026-01-01"'),
    (JOB + '    description: "a\\eb"\n', 5, 18, "control characters", ""),
    (JOB + "    description: [a]\n", 5, 18, "this takes text, not a list", ""),
    (JOB + "    env: {A: yes}\n", 5, 14, "YAML reads yes as a boolean", '"yes"'),
    (JOB + "    env: {A: }\n", 5, 14, "the value is missing", ""),
    (JOB + "    env: {A-B: x}\n", 5, 11, "'A-B' is not the name of an environment variable", "A_B"),
    (JOB + "    env: {CRONLEDGER_RUN: x}\n", 5, 11, "set by cronledger itself", ""),
    (JOB + "    env: [A]\n", 5, 10, "this takes a mapping of NAME: value, not a list", ""),
    (JOB + '    env: {A: "x\\0"}\n', 5, 14, "NUL", ""),
    # retry
    (JOB + "    retry: 3\n", 5, 12, "{attempts: 3, delay: 30s}, or none, not a single value", "{attempts: 3}"),
    (JOB + "    retry: {}\n", 5, 12, "not an empty mapping", ""),
    (JOB + "    retry: {atempts: 3}\n", 5, 13, "unknown key 'atempts' in retry, which takes", "attempts"),
    (JOB + "    retry: {retries: 3}\n", 5, 13, "unknown key 'retries' in retry", "attempts"),
    (JOB + "    retry: {attempts: 0}\n", 5, 23, "0 is out of range", ""),
    (JOB + "    retry: {attempts: 101}\n", 5, 23, "101 is out of range", ""),
    (JOB + "    retry: {attempts: 2, delay: 30}\n", 5, 33, "has no unit", "30s"),
    (JOB + "    retry: {attempts: 2, backoff: 0.5}\n", 5, 35, "a number from 1 to 100", ""),
    (JOB + "    retry: {attempts: 2, backoff: '2'}\n", 5, 35, "without quotes", "2"),
    (JOB + "    retry: {attempts: 2, if: [failled]}\n", 5, 31, "not 'failled'", "failed"),
    (JOB + "    retry: {attempts: 2, if: cancelled}\n", 5, 30, "cancelled is never tried again", ""),
    (JOB + "    retry: {attempts: 2, if: [0]}\n", 5, 31, "what succeeded is never tried again", ""),
    (JOB + "    retry: {attempts: 2, if: [256]}\n", 5, 31, "256 is out of range", ""),
    (JOB + "    retry: {attempts: 2, if: []}\n", 5, 30, "the list is empty", ""),
    (JOB + "    retry: {attempts: 2, delay: 2h}\n", 5, 12,
     "delay (2h) is longer than delay_max (1h), which is 1h unless it is written", ""),
    (JOB + "    retry: {attempts: 2, delay: 2m, delay_max: 1m}\n", 5, 12, "longer than delay_max (1m)", ""),
    (JOB + "    retry: {attempts: 2, delay: 2m, within: 1m}\n", 5, 12, "no second attempt", ""),
    ("defaults: {retry: {delay: 5m}}\n" + JOB + "    retry: {attempts: 2, delay_max: 1m}\n", 6, 12,
     "merged with the retry in defaults", ""),
    ("defaults: {retry: {delay: 5m, delay_max: 1m}}\n" + JOB, 1, 19, "longer than delay_max (1m)", ""),
    # numbers, words, booleans
    (JOB + "    enabled: ture\n", 5, 14, "true or false, not 'ture'", "true"),
    (JOB + "    enabled: 'Yes'\n", 5, 14, "without quotes", "true"),
    (JOB + "    catch_up: al\n", 5, 15, "one, all or none", "all"),
    (JOB + "    overlap: skipp\n", 5, 14, "skip, queue, replace or allow", "skip"),
    (JOB + "    catch_up_limit: 0\n", 5, 21, "0 is out of range", ""),
    (JOB + "    catch_up_limit: 010\n", 5, 21, "plain decimal digits", "10"),
    (JOB + "    catch_up_limit: 1_000\n", 5, 21, "plain decimal digits", "1000"),
    (JOB + "    catch_up_limit: '5'\n", 5, 21, "without quotes", "5"),
    (JOB + "    catch_up_limit: " + "9" * 5000 + "\n", 5, 21, "out of range", ""),
    (JOB + "    catch_up_limit: 1.5\n", 5, 21, "not '1.5'", ""),
    (JOB + "    timeout:\n", 5, 13, "the value is missing: this takes a duration", ""),
    (JOB + "    timeout: 90\n", 5, 14, "has no unit", "90s"),
    (JOB + "    timeout: 5 minutes\n", 5, 14, "is not a duration", "5m"),
    (JOB + "    timeout: 1:30\n", 5, 14, "is not a duration", ""),
    (JOB + "    kill_after: never\n", 5, 17, "is not a duration", ""),
    (JOB + "    timezone: Europe/Pariss\n", 5, 15, "no time zone 'Europe/Pariss'", "Europe/Paris"),
    (JOB + "    working_directory: ~/x\n", 5, 24, "not expanded", ""),
    (JOB + "    working_directory: $HOME\n", 5, 24, "not expanded", ""),
    # commands
    ("jobs:\n  a:\n    every: 5m\n    command: true\n", 4, 14, "YAML reads true as a boolean", '"true"'),
    ("jobs:\n  a:\n    every: 5m\n    command: []\n", 4, 14, "the list is empty", ""),
    ("jobs:\n  a:\n    every: 5m\n    command: ''\n", 4, 14, "this is empty", ""),
    ("jobs:\n  a:\n    every: 5m\n    command: ['']\n", 4, 15, "name of the program is empty", ""),
    ("jobs:\n  a:\n    every: 5m\n    command: [a, {b: c}]\n", 4, 18, "not a mapping", ""),
    ("jobs:\n  a:\n    every: 5m\n", 2, 3, "job a has no command", ""),
    ("jobs:\n  log-clean:\n    every: 5m\n", 2, 3, "registered jobs (cleanup-sessions, log-cleanup)", "log-cleanup"),
    # times
    (NO_TIME, 2, 3, "nothing says when this job runs: add schedule, every, at, on_demand: true or after", ""),
    (JOB + "    at: 2030-01-01 00:00\n", 2, 3, "this job has every and at: exactly one", ""),
    (JOB + "    on_demand: true\n", 2, 3, "this job has every and on_demand: exactly one", ""),
    (NO_TIME + "    on_demand: false\n", 2, 3, "nothing says when this job runs", ""),
    (NO_TIME + "    on_demand: often\n", 4, 16, "this takes true or false", ""),
    (NO_TIME + "    on-demand: true\n", 4, 5, "unknown key 'on-demand' in a job", "on_demand"),
    (NO_TIME + '    schedule: "5 25 * * *"\n', 4, 18, "'25' in the hour field", "25 5 * * *"),
    (NO_TIME + "    schedule: 5 25 * * *\n", 4, 17, "'25' in the hour field", "25 5 * * *"),
    (NO_TIME + "    schedule: '0 0 * * mun'\n", 4, 24, "'mun' in the day of week field", "0 0 * * MON"),
    (NO_TIME + '    schedule: "5\\t25 * * *"\n', 4, 15, "'25' in the hour field", "25 5 * * *"),
    (NO_TIME + "    schedule: >-\n      5 25 * * *\n", 4, 15, "'25' in the hour field", "25 5 * * *"),
    (NO_TIME + "    schedule: 0 0 31 2 *\n", 4, 19, "this never comes", "on_demand: true"),
    (NO_TIME + "    schedule: 5\n", 4, 15, "one field", ""),
    (NO_TIME + "    schedule: {}\n", 4, 15, "this takes a cron expression", ""),
    (NO_TIME + "    schedule: []\n", 4, 15, "the list is empty", ""),
    (NO_TIME + "    schedule: [1]\n", 4, 16, "one field", ""),
    (NO_TIME + "    schedule: ['0 2 * * *', [a]]\n", 4, 29, "not a list", ""),
    (NO_TIME + "    schedule: ['0 2 * * *', '5 25 * * *']\n", 4, 32, "'25' in the hour field", "25 5 * * *"),
    (NO_TIME + f"    schedule: [{'0 2 * * *, ' * 50}0 3 * * *]\n", 4, 15, "51 expressions, 50 is the most", ""),
    (NO_TIME + "    every: 90\n", 4, 12, "has no unit", "90s"),
    (NO_TIME + "    every: 2w from 2026-01-05T09:00\n", 4, 12, "'2w' is not", "14d from 2026-01-05T09:00"),
    (NO_TIME + "    every: 14d from 2026-01-05\n", 4, 21, "has no time of day", ""),
    (NO_TIME + "    every: 14d from 2026-1-5T09:00\n", 4, 21, "is not a time", ""),
    (NO_TIME + "    every: 14d from\n", 4, 12, "the time is empty", ""),
    (NO_TIME + "    at: 2026-12-24\n", 4, 9, "has no time of day", ""),
    # maintenance
    (JOB + "    retention_days: 3\n", 5, 5, "a job that runs a command cleans by itself", ""),
    (JOB + "    dry_run: true\n", 5, 5, "dry_run is for cleanup-sessions and log-cleanup", ""),
    (CLEAN + "    retention_hours: 3\n", 4, 5, "log-cleanup does not take retention_hours", "retention_days"),
    (CLEAN + "    retention_days: 0\n", 4, 21, "0 is out of range: this takes a whole number from 1", ""),
    (CLEAN + "    retention_days: -1\n", 4, 21, "not '-1'", ""),
    (CLEAN + "    directories: /x\n", 4, 18, "this takes a list of folders", ""),
    (CLEAN + "    directories: [/x]\n", 4, 19, "a mapping with a path", "path: /x"),
    (CLEAN + "    directories: [{pattern: x}]\n", 4, 19, "this folder has no path", ""),
    (CLEAN + "    directories: [{path: //}]\n", 4, 26, "root folder is never cleaned", ""),
    (CLEAN + "    directories: [{path: x, pattern: a/*}]\n", 4, 38, "holds no slash", ""),
    (CLEAN + "    directories: [{path: x, patern: a}]\n", 4, 29, "unknown key 'patern'", "pattern"),
    # shape
    ("", 1, 1, "the config is empty: `cronledger init`", ""),
    ("# nothing\n", 1, 1, "the config is empty", ""),
    ("null", 1, 1, "the config is empty", ""),
    ("- a\n", 1, 1, "this is a list", ""),
    ("hello", 1, 1, "this is a single value", ""),
    ("jobs: [a]\n", 1, 7, "from the name of each job to its keys", ""),
    ("jobs: {a: b}\n", 1, 11, "a mapping of the job's keys", ""),
    ("defaults: 3\n", 1, 11, "this takes a mapping of timezone", ""),
    (JOB + "scheduler: {max_parallel: 0}\n", 5, 27, "0 is out of range", ""),
    (JOB + "scheduler: {fsync: allways}\n", 5, 20, "always, everysec or never", "always"),
])  # fmt: skip
def test_mistake_is_placed_and_explained(
    text: str, line: int, column: int, part: str, suggestion: str
) -> None:
    """Each mistake is refused alone, at its line and column, with the nearest valid spelling."""
    error = the_mistake(text)
    assert (error.line, error.column) == (line, column)
    assert part in error.message
    assert error.suggestion == suggestion


@pytest.mark.parametrize(("name", "part", "suggestion"), [
    ("my job", "holds a space", "my-job"),
    ("a/b", "holds a slash", "a-b"),
    ("../x", "begins with '.'", "x"),
    ("-x", "would be taken for an option", "x"),
    (".x", "would be a hidden file", "x"),
    ("é", "holds 'é'", "e"),
    ("'a\\tb'", "holds '\\\\'", ""),
    ('"a\\tb"', "holds a tab", "a-b"),
    ('"a\\nb"', "holds '\\n'", "a-b"),
    ("x" * 65, "at most 64", "x" * 64),
    ("on", "YAML reads on as a boolean", '"on"'),
    ("2026", "YAML reads 2026 as a number", '"2026"'),
    ('""', "is missing", ""),
])  # fmt: skip
def test_job_names_are_plain(name: str, part: str, suggestion: str) -> None:
    """A name that could be mistaken for something else is refused, and the nearest plain one suggested."""
    error = the_mistake(f"jobs:\n  {name}: {{command: x, every: 5m}}\n")
    assert (error.line, error.column) == (2, 3)
    assert part in error.message
    if suggestion:
        assert error.suggestion == suggestion


def test_all_mistakes_come_at_once_in_order() -> None:
    """Mistakes in different jobs and blocks, and several in one job, are listed together, sorted by place."""
    errors = refused("""\
        jobs:
          a:
            command: on
            schedule: "61 * * * *"
            timeout: 5
            env: {A: on, B-C: 1}
          b:
            every: 5m
            comand: x
        scheduler:
          fsync: sometimes
        defaults:
          timezone: Mars
        """)
    assert [(each.line, each.key) for each in errors] == [
        (3, "jobs.a.command"),
        (4, "jobs.a.schedule"),
        (5, "jobs.a.timeout"),
        (6, "jobs.a.env.A"),
        (6, "jobs.a.env.B-C"),
        (9, "jobs.b.comand"),
        (11, "scheduler.fsync"),
        (13, "defaults.timezone"),
    ]


def test_a_mistake_in_shared_text_is_listed_once() -> None:
    """What an alias repeats is one mistake."""
    errors = refused("jobs:\n  a: &a {command: x, every: 5}\n  b: *a\n  c: *a\n")
    assert [(each.line, each.column) for each in errors] == [(2, 29)]


@pytest.mark.parametrize(
    "body", ["{scedule: '@daily', command: x}", "{every: 5m, comand: x}", "{every: [5m]}", "x"]
)
def test_a_mistake_repeated_by_an_alias_stays_a_mistake(body: str) -> None:
    """A job that is an alias of a mistaken one is as mistaken, and reading it changes nothing."""
    alone = refused(f"jobs:\n  log-cleanup: &a {body}\n")
    assert refused(f"jobs:\n  log-cleanup: &a {body}\n  cleanup-sessions: *a\n") == alone


def mistaken(count: int) -> ConfigInvalid:
    """What is said of a config with so many mistakes."""
    with pytest.raises(ConfigInvalid) as caught:
        read("jobs:\n" + "".join(f"  j{n}: {{x{n}: 1, every: 5m, command: x}}\n" for n in range(count)))
    return caught.value


def test_the_list_of_mistakes_is_bounded_and_their_count_is_right() -> None:
    """The first mistakes are listed, all are counted, and reading stops where nobody counts any more."""
    problem = mistaken(300)
    assert [error.line for error in problem.errors] == list(range(2, LISTED_MAX + 2))
    assert problem.count == 300
    assert "and 299 more mistakes" in str(problem)
    assert mistaken(COUNTED_MAX + 10).count == COUNTED_MAX


@pytest.mark.parametrize(
    "text",
    [
        "jobs: {a: {every: 5m, command: x, LONG: 1}}",
        "jobs: {LONG: {every: 5m, command: x}}",
        "jobs: {a: {every: LONG, command: x}}",
        "jobs: {a: {at: LONG, command: x}}",
        "jobs: {a: {schedule: 'LONG * * * *', command: x}}",
        "jobs: {a: {schedule: LONG, command: x}}",
        "jobs: {a: {every: 5m, command: x, timezone: LONG}}",
        "jobs: {a: {every: 5m, command: x, overlap: LONG}}",
        "jobs: {a: {every: 5m, command: x, tags: [LONG]}}",
        "jobs: {a: {every: 5m, command: x, catch_up_limit: LONG}}",
        "jobs: {a: {every: 5m, command: x, catch_up_limit: 1LONG}}",
        "jobs: {a: {every: 5m, command: x, env: {=LONG: 1}}}",
        "jobs: {a: {every: 5m, command: x, env: {-LONG: 1}}}",
        "jobs: {log-cleanup: {every: 5m, directories: [{path: /x, LONG: 1}]}}",
        "jobs: {log-cleanup: {every: 5m, directories: [LONG]}}",
        "jobs: {}\nLONG: 1\nLONG: 2\n",
    ],
)
@pytest.mark.parametrize("long", ["x" * 100_000, "1" * 100_000, "x y " * 25_000], ids="xny")
def test_what_a_message_quotes_is_bounded(text: str, long: str) -> None:
    """However long a key or a value is, what is said of it fits on a screen, and says what is wrong first."""
    try:
        errors = refused(text.replace("LONG", long))
    except pytest.fail.Exception:
        return
    for error in errors:
        assert max(map(len, (error.message, error.key, error.suggestion))) <= 1_000


@pytest.mark.parametrize(
    "folder", ["var/ledger", "var/ledger/x", "./var/../var/ledger", "/home/cl/var/ledger/"]
)
def test_the_ledger_is_never_given_to_clean(folder: str) -> None:
    """A folder in which the ledger stands is refused, however it is written."""
    raw = f"jobs: {{log-cleanup: {{every: 1d, directories: [{{path: {folder}}}]}}}}".encode()
    with pytest.raises(ConfigInvalid, match="is the ledger"):
        parse(raw, PATH, Path("/home/cl"))
    assert parse(raw, PATH).jobs


@pytest.mark.parametrize(
    "folder",
    ["var", "./var/", "x/../var", "link", "var/snapshots", "var/projections/events", "link/processes"],
)
def test_own_files_are_never_given_to_clean(folder: str, tmp_path: Path) -> None:
    """A folder with the scheduler's lock or what else it stands on is refused, by its name and by where it leads."""
    (tmp_path / "var").mkdir()
    (tmp_path / "link").symlink_to("var")
    raw = f"jobs: {{log-cleanup: {{every: 1d, directories: [{{path: {folder}}}]}}}}".encode()
    with pytest.raises(ConfigInvalid, match="cronledger") as caught:
        parse(raw, PATH, tmp_path)
    assert [error.key for error in caught.value.errors] == ["jobs.log-cleanup.directories"]
    for allowed in ("var/cache", "var/logs", "variable", "link/cache"):
        assert parse(raw.replace(folder.encode(), allowed.encode(), 1), PATH, tmp_path).jobs


@pytest.mark.parametrize("value", [
    "hunter2=", "FOO=hunter2", "!hunter2", "*hunter2", "@hunter2", "`hunter2", "a: hunter2", "%hunter2",
    "'hunter2' x", "[hunter2]", "{hunter2: 1}", "'hunter2\\", '"\\hunter2"', "&hunter2", "|hunter2",
    ", hunter2", "hunter2: ", '"hunter2\\0"',
])  # fmt: skip
@pytest.mark.parametrize("frame", ["    env:\n      KEY: {}\n", "    env: {}\n", "    env:\n      {}\n"])
def test_no_mistake_repeats_a_secret(frame: str, value: str) -> None:
    """Mistakes are recorded, so none of them holds the value of an environment variable."""
    text = JOB + frame.format(value)
    try:
        parse(text.encode(), PATH)
    except ConfigInvalid as invalid:
        for error in invalid.errors:
            if "hunter2: " not in value and "{hunter2" not in value:  # there it is a name
                assert "hunter2" not in f"{error.message} {error.suggestion} {error.key}"


def test_the_exception_says_where_and_how_many() -> None:
    """The exception itself reads as one line with the first place and the number of the others."""
    with pytest.raises(ConfigInvalid) as caught:
        parse(b"jobs:\n  a: {command: x, every: 5, timeout: 6}\n", PATH)
    assert str(caught.value).startswith("services/scheduler/config.yaml:2:26: duration '5' has no unit")
    assert str(caught.value).endswith("(and 1 more mistake)")
    assert caught.value.path == PATH
    assert len(caught.value.digest) == 64
