from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.definition import JobDefinition, Parameter, Secret
from scheduler.home import Home
from scheduler.logs.collection.masked_output import MaskedOutput, known_secrets, names_secrets
from tests.support.examples import examples


@settings(max_examples=examples(60))
@given(
    st.lists(
        st.binary(min_size=1, max_size=4).map(lambda raw: bytes(each % 3 for each in raw)),
        min_size=1,
        max_size=3,
    ),
    st.binary(max_size=40).map(lambda raw: bytes(each % 3 for each in raw)),
    st.lists(st.integers(0, 40)),
)
def test_where_the_chunks_end_does_not_count(forms: list[bytes], data: bytes, cuts: list[int]) -> None:
    """In pieces the same is shown as in one piece, and no secret is left."""
    forms = sorted(set(forms), key=len, reverse=True)
    whole, pieces = MaskedOutput(forms), MaskedOutput(forms)
    ends = [0, *sorted(cuts), len(data)]
    shown = [pieces.masked(data[begin:end]) for begin, end in pairwise(ends)]
    at_once = whole.masked(data, last=True)
    assert b"".join([*shown, pieces.masked(b"", last=True)]) == at_once
    assert pieces.count == whole.count
    assert not any(form in part for form in forms for part in at_once.split(b"***"))


def test_what_a_job_names_is_known(tmp_path: Path) -> None:
    """Its secrets, secret parameters, and variables whose names say so; as they are written in JSON and URLs too."""
    home = Home(tmp_path)
    home.config.parent.mkdir(parents=True)
    home.config.write_text("jobs: {a: {every: 5m, command: x, env: {DB_PASSWORD: e-pass, STAGE: e-stage}}}\n")
    (tmp_path / "pg").write_text("f/pass\n")
    (tmp_path / "pg").chmod(0o600)
    definition = JobDefinition(
        name="a",
        env={"DB_PASSWORD": "", "STAGE": ""},
        secrets={"A": Secret(file="pg"), "B": Secret(env="NONE")},
        params={"p": Parameter(secret=True, env="P"), "q": Parameter(default="plain")},
    )
    known = known_secrets(definition, home, {"P": "p-pass"})
    assert set(known.forms) == {b"e-pass", b"f/pass", b"f%2Fpass", b"p-pass"}
    assert known.unknown == ["its secret B: there is no variable NONE in the environment"]
    assert names_secrets(definition)
    # A calendar whose file is gone hides nothing of that.
    home.config.write_text("calendars: {c: {ical: none.ics}}\n" + home.config.read_text())
    assert set(known_secrets(definition, home, {"P": "p-pass"}).forms) == set(known.forms)
    assert not names_secrets(JobDefinition(name="a", env={"STAGE": ""}, params={"q": Parameter()}))
