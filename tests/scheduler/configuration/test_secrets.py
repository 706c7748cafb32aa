from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler.configuration.settings import shown
from scheduler.configuration.variables.secret_values import environment, named_secrets
from scheduler.definition import JobDefinition, Parameter, Secret, revision
from tests.scheduler.configuration.reading import job, refused, the_mistake_in

FILE, ENV = Secret(file="/etc/pg"), Secret(env="TOKEN")


@pytest.mark.parametrize(("written", "found"), [
    ("{A: {file: /etc/pg}, B: {env: TOKEN}}", {"A": FILE, "B": ENV}),
    ("TOKEN", {"TOKEN": ENV}),
    ("[TOKEN]", {"TOKEN": ENV}),
    ("{}", {}),
])  # fmt: skip
def test_a_secret_says_where_it_is_read(written: str, found: dict[str, Secret]) -> None:
    """A file or a variable; a name alone is read from the variable of that name."""
    assert job(f"command: x, every: 5m, secrets: {written}").secrets == found


def test_no_secrets_are_no_other_definition() -> None:
    """A job without secrets has the revision that it had before there were any."""
    assert revision(job("command: x, every: 5m, secrets: {}")) == revision(job("command: x, every: 5m"))


@pytest.mark.parametrize(("written", "key", "said", "suggestion"), [
    ("{A: hunter2}", "A",
     "a secret is not written into the config: this takes where it is read, {file: PATH} or {env: VARIABLE}", ""),
    ("{A=hunter2: }", "A", "an environment variable is written NAME: value, not NAME=value", ""),
    ("{A: {}}", "A", "a secret is read from one place: file or env", ""),
    ("{A: {file: /x, env: B}}", "A", "a secret is read from one place: file or env", ""),
    ("{A: {flie: /x}}", "A.flie", "unknown key 'flie' of a secret, which takes file or env", "file"),
    ("{CRONLEDGER_HOME: {file: /x}}", "CRONLEDGER_HOME",
     "variables that begin with CRONLEDGER_ are set by cronledger itself", ""),
    ("{A-B: {file: /x}}", "A-B",
     "'A-B' is not the name of an environment variable: letters, digits and '_' make one", "A_B"),
    ("{A: {file: /x}}, env: {A: b}", "A", "A stands in env too: a variable has one value", ""),
    ("{A: {file: ''}}", "A.file", "this is empty: it takes the path of a file", ""),
])  # fmt: skip
def test_a_mistaken_secret_is_told(written: str, key: str, said: str, suggestion: str) -> None:
    """With its key, and what was probably meant; what may be the secret itself is not repeated."""
    mistakes = refused(f"jobs: {{a: {{every: 5m, command: x, secrets: {written}}}}}")
    assert (mistakes[0].key, mistakes[0].message) == (f"jobs.a.secrets.{key}", said)
    assert mistakes[0].suggestion == suggestion
    assert "hunter2" not in f"{mistakes}"


def test_a_list_of_lists_is_told() -> None:
    """As is nothing at all."""
    for written in ("[]", "[[A]]"):
        mistake = the_mistake_in(f"every: 5m, command: x, secrets: {written}")
        assert mistake.message == (
            "this takes a mapping of NAME: {file: PATH} or NAME: {env: VARIABLE}, not a list"
        )


def test_secrets_are_each_jobs_own() -> None:
    """They are not for `defaults`, and a variable of the defaults has no second value in a job."""
    errors = refused("""\
        defaults:
          env: {A: x}
          secrets: [B]
        jobs:
          a:
            every: 5m
            command: x
            secrets: {A: {env: C}}
        """)
    assert [(each.line, each.key) for each in errors] == [(3, "defaults.secrets"), (8, "jobs.a.secrets.A")]
    assert errors[1].message == "A stands in the env of defaults too: a variable has one value"


def test_values_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    """From the file without its last line end, whatever bytes it has, and from the variable."""
    (tmp_path / "pg").write_bytes(b"hunter2\xff\r\n")
    (tmp_path / "pg").chmod(0o640)
    definition = JobDefinition(
        name="a",
        secrets={"A": Secret(file="pg"), "B": Secret(env="TOKEN")},
        params={"p": Parameter(secret=True, env="P")},
    )
    found = environment(definition, str(tmp_path), {"TOKEN": "t"})
    assert found == {"A": os.fsdecode(b"hunter2\xff"), "B": "t"}
    assert [what for what, _ in named_secrets(definition)] == [
        "its secret A",
        "its secret B",
        "its parameter p",
    ]


@pytest.mark.parametrize(("mode", "content", "why"), [
    (0o644, b"hunter2", "others can read it: `chmod o-rw "),
    (0o602, b"hunter2", "others can write it: `chmod o-rw "),
    (0o600, b"hunter2" * 10_000, "it is longer than 65,536 bytes"),
    (0o600, b"hunter2\0", "holds a NUL character"),
    (None, b"", "No such file or directory"),
])  # fmt: skip
def test_a_file_that_is_no_secret_is_refused(
    tmp_path: Path, mode: int | None, content: bytes, why: str
) -> None:
    """The message names the secret and the file, and nothing of the value."""
    path = tmp_path / "pg"
    if mode is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(OSError, match="its secret A") as caught:
        environment(JobDefinition(name="a", secrets={"A": Secret(file="pg")}), str(tmp_path), {})
    assert why in str(caught.value)
    assert str(path) in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_pipe_holds_nothing_up(tmp_path: Path) -> None:
    """What is no regular file is refused at once."""
    os.mkfifo(tmp_path / "pg", 0o600)
    with pytest.raises(OSError, match="not a regular file"):
        environment(JobDefinition(name="a", secrets={"A": Secret(file="pg")}), str(tmp_path), {})


def test_what_may_be_secret_is_not_shown() -> None:
    """A value that is written stands nowhere; where one is read does."""
    several: dict[str, str | Secret] = {"a": "hunter2", "b": Secret(file="key"), "c": Secret(env="KEY")}
    assert shown.secrets(several) == "a (not shown), b (from key), c (from $KEY)"
    assert shown.secrets({}) == "none"
