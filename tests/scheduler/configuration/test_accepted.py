from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from textwrap import dedent

import msgspec
import pytest

from scheduler.configuration.keys.block_values.telemetry import TELEMETRY_KEYS
from scheduler.configuration.keys.channel_keys import CHANNEL_KEYS
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.nodes import NODE_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.starter import STARTER
from scheduler.configuration.keys.table import JOB_KEYS
from scheduler.configuration.lints import lints
from scheduler.configuration.load import parse
from scheduler.configuration.settings.origins import Origin, origins
from scheduler.definition import Directory, JobDefinition, Retry, revision
from scheduler.rules.nodes.node_settings import NodeSettings
from tests.scheduler.configuration.reading import EVERYTHING, PATH, job, read

MAINTENANCE = """\
jobs:
  cleanup-sessions:
    schedule: "0 2 * * *"  # Daily at 2 AM
    enabled: true
    retention_hours: 24
  log-cleanup:
    schedule: "0 3 * * 0"  # Weekly on Sunday at 3 AM
    enabled: true
    retention_days: 30
"""


def test_maintenance_jobs_are_accepted_as_they_stand() -> None:
    """The two maintenance jobs as people know them are read as they are written."""
    config = read(MAINTENANCE)
    assert [each.definition for each in config.jobs.values()] == [
        JobDefinition(name="cleanup-sessions", schedule="0 2 * * *", retention_hours=24),
        JobDefinition(name="log-cleanup", schedule="0 3 * * 0", retention_days=30),
    ]
    assert lints(config) == []


def test_digest_is_that_of_the_file() -> None:
    """The digest is the SHA-256 of the bytes."""
    assert read(MAINTENANCE.encode()).digest == hashlib.sha256(MAINTENANCE.encode()).hexdigest()


def test_every_key_is_read() -> None:
    """Each key of a job becomes its member of the definition, in its unit."""
    config = read(EVERYTHING)
    assert list(config.jobs) == ["backup", "tick", "once", "log-cleanup"]
    backup = config.jobs["backup"]
    assert backup.env == {"LANG": "C.UTF-8", "REGION": "us", "PORT": "8080"}
    assert msgspec.structs.replace(backup.definition, env={}) == JobDefinition(
        name="backup",
        command=["/usr/bin/backup", "--level", "010"],
        description="Copies the database",
        schedule="30 2 * * mon-fri",
        timezone="America/New_York",
        enabled=False,
        working_directory="/srv/app",
        timeout_ms=3_600_000,
        kill_after_ms=3_000,
        catch_up="all",
        catch_up_limit=7,
        catch_up_window_ms=7 * 86_400_000,
        overlap="queue",
        tags=("prod", "db"),
        require_reason=True,
    )
    tick = config.jobs["tick"].definition
    assert (tick.every, tick.timeout_ms, tick.shell, tick.timezone) == ("90s", None, False, "Europe/Paris")
    once = config.jobs["once"].definition
    assert (once.at, once.shell) == ("2026-12-24T18:00:00+01:00", True)
    cleanup = config.jobs["log-cleanup"].definition
    assert cleanup.directories == (Directory(path="/srv/app/logs", pattern="*.log"), Directory(path="old"))
    assert (cleanup.dry_run, cleanup.retention_days) == (True, 30)
    settings = config.settings
    assert (settings.max_parallel, settings.fsync, settings.shutdown_grace_ms) == (4, "everysec", 60_000)


def test_origins_tell_job_defaults_and_default_apart() -> None:
    """For each key it is known whether the job, the defaults or nobody wrote it, and in which line."""
    found = origins(read(EVERYTHING).jobs["backup"])
    assert found["timezone"] == Origin("job", 14)
    assert found["timeout"] == Origin("defaults", 3)
    assert found["kill_after"] == Origin("job", 20)
    assert found["env"] == Origin("job", 16)
    assert found["env.REGION"] == Origin("job", 18)
    assert found["env.LANG"] == Origin("defaults", 4)
    assert origins(read(EVERYTHING).jobs["tick"])["overlap"] == Origin("default", None)
    assert "every" not in found
    assert "retention_days" not in found


def test_origins_of_a_maintenance_job_name_its_own_keys() -> None:
    """A registered job has retention and no command among its origins."""
    found = origins(read(MAINTENANCE).jobs["log-cleanup"])
    assert found["retention_days"] == Origin("job", 9)
    assert found["dry_run"] == Origin("default", None)
    assert "retention_hours" not in found
    assert "command" not in found


def test_a_schedule_may_be_a_list() -> None:
    """Several expressions stand in `schedules`, and joined in `schedule`; a list of one is that one."""
    several = job('command: x, schedule: ["0 2 * * mon-fri", "0 6 * * sat"]')
    assert several.schedules == ("0 2 * * mon-fri", "0 6 * * sat")
    assert several.schedule == "0 2 * * mon-fri; 0 6 * * sat"
    assert several.timing() == (("0 2 * * mon-fri", "0 6 * * sat"), None, None, "UTC", 0, None)
    assert job('command: x, schedule: ["0 6 * * sat"]') == job('command: x, schedule: "0 6 * * sat"')
    twice = read('jobs: {a: {command: x, schedule: ["0 6 * * 6", "5 5 5 * *", "0 6 * * sat"]}}')
    assert [(remark.code, remark.message) for remark in lints(twice)] == [
        ("same-schedule", "'0 6 * * sat' has the times of '0 6 * * 6' again: each of them is one run")
    ]


def test_a_job_may_run_on_demand_alone() -> None:
    """`on_demand: true` stands in place of a time; `false` says nothing, and changes no revision."""
    assert job("command: x, on_demand: true").timing() == (None, None, None, "UTC", 0, None)
    assert job("command: x, every: 5m, on_demand: false") == job("command: x, every: 5m")
    assert "on_demand" not in msgspec.json.encode(job("command: x, every: 5m")).decode()


@pytest.mark.parametrize(("name", "member", "value"), [
    ("cleanup-sessions", "retention_hours", 24),
    ("log-cleanup", "retention_days", 30),
])  # fmt: skip
def test_retention_has_defaults(name: str, member: str, value: int) -> None:
    """A maintenance job that does not say how long keeps sessions a day and logs thirty."""
    assert getattr(job('schedule: "@daily"', name), member) == value


def test_starter_is_valid_and_teaches_every_key() -> None:
    """The starter config parses without a remark, and mentions each key that exists."""
    config = read(STARTER)
    assert list(config.jobs) == ["hello", "cleanup-sessions", "log-cleanup"]
    assert lints(config) == []
    for key in (
        *JOB_KEYS,
        *SCHEDULER_KEYS,
        *LEDGER_KEYS,
        *CHANNEL_KEYS,
        *NODE_KEYS,
        *TELEMETRY_KEYS,
        "defaults",
        "scheduler",
        "ledger",
        "channels",
        "nodes",
        "telemetry",
    ):
        assert f"{key}:" in STARTER, key


def test_what_the_starter_comments_out_is_valid_too() -> None:
    """With its examples uncommented (one of the four times, and the command, kept) the starter is a valid config."""
    lines = []
    for line in STARTER.splitlines():
        bare = line.lstrip()
        if bare.startswith(
            ("# every:", "#   every:", "#   at:", "#   on_demand:", "#   after:", "#   python:")
        ) or not bare.startswith("#"):
            lines.append("" if bare.startswith("#") else line)
        elif (code := bare.removeprefix("# ")) and code.split(":")[0].strip(" -") in _CODE:
            lines.append(line.replace("# ", "", 1))
        else:
            lines.append("")
    config = read("\n".join(lines))
    assert config.jobs["nightly-backup"].definition.catch_up_window_ms == 7 * 86_400_000
    assert config.jobs["log-cleanup"].definition.directories
    assert config.settings.max_parallel == 32
    assert config.ledger.origin == "db1.example.com/cronledger"
    assert config.telemetry is not None
    assert config.telemetry.otlp == "http://localhost:4318"
    assert config.nodes == {"db1": NodeSettings(labels=("db",), max_parallel=8)}
    assert [each.kind for each in config.channels.values()] == ["email", "webhook", "command", "ping"]


_CODE = {
    *JOB_KEYS, *SCHEDULER_KEYS, *LEDGER_KEYS, *CHANNEL_KEYS, *NODE_KEYS, *TELEMETRY_KEYS, "nightly-backup",
    "PGHOST", "defaults", "scheduler", "ledger", "channels", "mail", "pager", "tell", "checks", "{path", "nodes",
    "db1", "telemetry",
}  # fmt: skip


@pytest.mark.parametrize("text", ["jobs: {}", "jobs:", "defaults: {timeout: 1h}", "scheduler: {}\njobs: ~"])
def test_no_jobs_is_legal_and_remarked_on(text: str) -> None:
    """A config without jobs is valid, with a lint that says that nothing will run."""
    config = read(text)
    assert config.jobs == {}
    assert [each.code for each in lints(config)] == ["no-jobs"]


def test_past_instant_is_a_lint() -> None:
    """A single instant that has passed is legal, and a lint says that it will not come."""
    raw = b"jobs:\n  a:\n    command: x\n    at: 2020-01-01T00:00:00Z\n"
    config = parse(raw, PATH, now=datetime(2026, 1, 1, tzinfo=UTC))
    (lint,) = lints(config)
    assert (lint.line, lint.column, lint.job, lint.code) == (4, 9, "a", "in-the-past")
    assert lints(parse(raw, PATH, now=datetime(2019, 1, 1, tzinfo=UTC))) == []


def test_lints_of_schedules_are_passed_on_with_their_place() -> None:
    """What surprises in a cron expression is remarked on where the expression stands."""
    config = read("jobs:\n  a:\n    command: x\n    schedule: '*/7 * * * *'\n")
    (lint,) = lints(config)
    assert (lint.line, lint.column, lint.job, lint.code) == (4, 15, "a", "uneven-step")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark_do_not_matter(line_end: str, mark: bytes) -> None:
    """CRLF and a byte order mark, as Windows editors write them, change nothing but the digest."""
    config = read(mark + MAINTENANCE.replace("\n", line_end).encode())
    assert [each.definition for each in config.jobs.values()] == [
        each.definition for each in read(MAINTENANCE).jobs.values()
    ]


def test_anchors_and_merge_keys() -> None:
    """A job can take over the keys of another by `<<`; its own keys win."""
    config = read("""\
        jobs:
          a: &a
            command: x
            every: 5m
            timeout: 1m
          b:
            <<: *a
            timeout: 2m
        """)
    assert config.jobs["b"].definition == JobDefinition(name="b", command="x", every="5m", timeout_ms=120_000)
    assert origins(config.jobs["b"])["command"] == Origin("job", 3)


@pytest.mark.parametrize(("written", "meant"), [("on", True), ("No", False), ("TRUE", True), ("off", False)])
def test_booleans_of_yaml_1_1(written: str, meant: bool) -> None:
    """Where true or false is wanted, YAML 1.1's other words for them are taken."""
    assert job(f"command: x, every: 5m, enabled: {written}").enabled is meant


@pytest.mark.parametrize("written", ["010", "1:30", "1e3", "0x1F", "2026-01-01", "1_000", "-5", ".5"])
def test_env_numbers_are_taken_as_written(written: str) -> None:
    """An unquoted number or date in `env` is the text that stands there, however YAML would read it."""
    config = read(f"jobs: {{a: {{command: x, every: 5m, env: {{V: {written}}}}}}}")
    assert config.jobs["a"].env == {"V": written}


def test_empty_env_value_in_quotes() -> None:
    """An empty value is legal if it is in quotes."""
    config = read('jobs: {a: {command: [x, ""], every: 5m, env: {V: ""}}}')
    assert config.jobs["a"].env == {"V": ""}
    assert config.jobs["a"].definition.command == ["x", ""]


def test_job_names_at_the_limits() -> None:
    """Letters, digits, dots, dashes and underscores, up to 64 of them, make a name."""
    names = ["a", "A.b-c_1", "9lives", "_", "x" * 64]
    config = read("jobs:\n" + "".join(f"  {name}: {{command: x, every: 5m}}\n" for name in names))
    assert list(config.jobs) == names


def test_registered_names_can_be_given() -> None:
    """Which jobs need no command is the caller's to say."""
    config = parse(b"jobs: {mine: {every: 5m}}", PATH, registered={"mine"})
    assert config.jobs["mine"].definition.command is None


def test_definitions_survive_json() -> None:
    """Each definition is the same after a round trip through the ledger's encoding."""
    for each in read(EVERYTHING).jobs.values():
        encoded = msgspec.json.encode(each.definition)
        assert msgspec.json.decode(encoded, type=JobDefinition) == each.definition


def test_block_scalar_is_a_script_for_the_shell() -> None:
    """A command in several lines goes through the shell."""
    text = dedent("""\
        jobs:
          a:
            every: 5m
            command: |
              cd /srv
              ./go
        """)
    definition = read(text).jobs["a"].definition
    assert (definition.command, definition.shell) == ("cd /srv\n./go\n", True)


@pytest.mark.parametrize(("defaults", "own", "retry"), [
    ("{attempts: 3, delay: 30s}", "", Retry(attempts=3, delay_ms=30_000)),
    ("{attempts: 3, delay: 30s}", "{backoff: 2}", Retry(attempts=3, delay_ms=30_000, backoff=2.0)),
    ("{attempts: 3, if: [1, lost]}", "{if: 75}", Retry(attempts=3, exit_codes=[75], outcomes=[])),
    ("{attempts: 3, within: 1h}", "{within: never}", Retry(attempts=3)),
    ("{attempts: 3}", "none", None),
    ("none", "{attempts: 2}", Retry(attempts=2)),
    ("{delay: 30s}", "", None),
    ("{attempts: 3}", "{attempts: 1}", None),
    ("none", "{attempts: 5, delay: 10s, if: [timed_out, 75, 75, failed]}",
     Retry(attempts=5, exit_codes=[75], outcomes=["failed", "timed_out"])),
])  # fmt: skip
def test_a_block_of_retry_is_merged_over_the_defaults(defaults: str, own: str, retry: Retry | None) -> None:
    """Key by key; a list replaces a list, and `none` takes the default back."""
    written = f", retry: {own}" if own else ""
    found = job(f"command: x, every: 5m{written}", before=f"defaults: {{retry: {defaults}}}")
    assert found.retry == retry


def test_what_is_written_as_it_applies_anyway_changes_no_revision() -> None:
    """A definition holds only what differs."""
    plain = job("command: x, every: 5m, retry: {attempts: 2}")
    written = job(
        "command: x, every: 5m, retry: {attempts: 2, delay: 10s, backoff: 1, delay_max: 1h, within: never}"
    )
    assert revision(plain) == revision(written)
    assert revision(job("command: x, every: 5m")) == revision(job("command: x, every: 5m, retry: none"))
