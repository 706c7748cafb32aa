"""Several files are one config: what stands in which, and where a mistake is."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.files.joined import ConfigFile
from scheduler.configuration.lints import lints
from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.configuration.settings.origins import Origin, origins
from scheduler.entry_members import ConfigError
from tests.scheduler.configuration.reading import PATH
from tests.support.examples import examples

MAIN = "defaults: {timezone: Europe/Paris}\njobs:\n  a: {command: x, every: 1h}\n"


def read(*parts: str, main: str = MAIN) -> Config:
    """The config of these texts; the parts are called `config.d/1.yaml` and so on."""
    named = [ConfigFile(f"config.d/{at}.yaml", text.encode()) for at, text in enumerate(parts, 1)]
    return parse(main.encode(), PATH, parts=named)


def refused(*parts: str, main: str = MAIN) -> list[ConfigError]:
    """All mistakes in them."""
    with pytest.raises(ConfigInvalid) as caught:
        read(*parts, main=main)
    return caught.value.errors


def test_jobs_of_parts_are_jobs() -> None:
    """They come after those of `config.yaml`, in the order of the files, and `defaults` apply to all."""
    config = read('jobs:\n\n  c: {command: y, schedule: "@daily"}\n', "jobs: {b: {command: z, every: 2h}}\n")
    assert list(config.jobs) == ["a", "c", "b"]
    assert config.jobs["c"].definition.timezone == "Europe/Paris"
    assert [job.file for job in config.jobs.values()] == ["", "config.d/1.yaml", "config.d/2.yaml"]
    assert config.parts == ("config.d/1.yaml", "config.d/2.yaml")
    found = origins(config.jobs["c"])
    assert found["command"] == Origin("job", 3, "config.d/1.yaml")
    assert found["timezone"] == Origin("defaults", 1, "")


def test_parts_know_each_other() -> None:
    """A job runs after one of another file, on a calendar of a third."""
    config = read(
        "jobs: {b: {after: c, command: x}}\n",
        'jobs: {c: {schedule: "@daily", calendars: {except: rest}, command: x}}\n',
        "calendars: {rest: {weekdays: sun}}\n",
    )
    assert config.jobs["b"].definition.follows == ["c"]
    assert list(config.calendars) == ["rest"]


@pytest.mark.parametrize("nothing", ["", "# later\n", "jobs:\n", "{}\n", "\ufeff"])
def test_a_part_may_hold_nothing(nothing: str) -> None:
    """Who comments out all that is in it has taken it out."""
    assert list(read(nothing).jobs) == ["a"]


def test_config_yaml_may_have_no_jobs_of_its_own() -> None:
    """Then those of the parts are all; without any there is a remark, where the jobs would be."""
    assert list(read("jobs: {b: {command: x, every: 1h}}", main="jobs:\n").jobs) == ["b"]
    assert list(read("jobs: {b: {command: x, every: 1h}}", main="defaults: {timeout: 1h}\n").jobs) == ["b"]
    (remark,) = lints(read("calendars: {}\njobs: {}\n", main="defaults: {timeout: 1h}\n"))
    assert (remark.code, remark.file, remark.line) == ("no-jobs", "config.d/1.yaml", 2)


@pytest.mark.parametrize("word", ["jobs", "calendars", "channels"])
def test_a_name_stands_once(word: str) -> None:
    """Neither file wins: the later one is told where the earlier one has it."""
    body = {
        "jobs": "{command: x, every: 1h}",
        "calendars": "{weekdays: sun}",
        "channels": "{email: a@b.example}",
    }[word]
    first, second = f"{word}:\n  n: {body}\n", f"\n{word}: {{m: {body}, n: {body}}}\n"
    (error,) = refused(first, second)
    assert (error.file, error.line, error.key) == ("config.d/2.yaml", 2, f"{word}.n")
    assert error.message.endswith("the first one is in config.d/1.yaml, line 2")
    (error,) = refused(second, main=first)
    assert (error.file, error.line) == ("config.d/1.yaml", 2)
    assert error.message.endswith("the first one is in config.yaml, line 2")


@pytest.mark.parametrize("word", ["defaults", "scheduler", "ledger"])
def test_what_applies_to_all_stands_in_one_place(word: str) -> None:
    """A part takes neither of these, and says what it takes."""
    (error,) = refused(f"{word}: {{}}\n")
    assert (error.file, error.line, error.key) == ("config.d/1.yaml", 1, word)
    assert error.message.startswith(f"{word} stands in config.yaml alone")


@pytest.mark.parametrize(
    ("part", "line", "column", "said"),
    [
        ("\njobs:\n  b:\n    command: x\n    schedule: '0 25 * * *'\n", 5, 18, "25"),
        ("jobs:\n  b: {comand: x, every: 1h}\n", 2, 7, "unknown key 'comand'"),
        ("# x\njobs:\n  b: {after: [nobody], command: x}\n", 3, 15, "nobody"),
        ("jobs:\n  b: [\n", 3, 1, ""),
        ("jobs: {b: {every: 1h, command: *x}}\n", 1, 32, "no anchor"),
        ("jobz: {}\n", 1, 1, "unknown key 'jobz' at the top of this file"),
        ("jobs: [b]\n", 1, 7, "not a list"),
        ("b: {command: x, every: 1h}\n", 1, 1, "looks like a job"),
        ("jobs: {b: {command: 'x\u2028', every: 1h}}\n", 1, 23, "cannot be seen"),
    ],
)
def test_a_mistake_names_its_file(part: str, line: int, column: int, said: str) -> None:
    """With line, column and the line itself, which is never that of another file."""
    with pytest.raises(ConfigInvalid) as caught:
        read("jobs: {n: {command: x, every: 1h}}\n", part, main=MAIN.replace("x,", "&x x,"))
    first = caught.value.errors[0]
    assert (first.file, first.line, first.column) == ("config.d/2.yaml", line, column)
    assert said in first.message
    assert str(caught.value).startswith(f"{PATH.parent}/config.d/2.yaml:{line}:{column}: ")
    shown = caught.value.excerpt_of(first)
    assert not shown or shown.split("\n")[0] in part.replace("\u2028", " ")


def test_mistakes_of_all_files_are_told_at_once() -> None:
    """In the order of the files, also where two of them are no YAML."""
    bad = "jobs: {b: {comand: x}}\n"
    found = [(error.file, error.line) for error in refused("\n" + bad, bad.replace("b:", "c:"), main=bad)]
    assert found == sorted(found)
    assert {file for file, _ in found} == {"", "config.d/1.yaml", "config.d/2.yaml"}
    assert [error.file for error in refused("a: [", "}", main=MAIN)] == ["config.d/1.yaml", "config.d/2.yaml"]


def test_remarks_name_their_file() -> None:
    """They come in the order of the files."""
    odd = "jobs: {%s: {command: [echo, $HOME/x], schedule: '*/7 * * * *'}}\n"
    found = [
        (remark.file, remark.job, remark.code) for remark in lints(read(odd % "c", odd % "b", main=odd % "a"))
    ]
    assert found == [
        (file, job, code)
        for file, job in (("", "a"), ("config.d/1.yaml", "c"), ("config.d/2.yaml", "b"))
        for code in ("not-expanded", "uneven-step")
    ]


def test_a_lock_of_defaults_is_remarked_on_where_it_stands() -> None:
    """The job stands in a part, and the line that is meant does not."""
    main = "defaults:\n  locks: databse\nscheduler: {locks: {database: 2}}\n"
    (remark,) = lints(read("\n\njobs: {a: {command: x, every: 1h}}\n", main=main))
    assert (remark.code, remark.file, remark.line) == ("lock-near-miss", "", 2)


def test_one_file_is_read_as_before() -> None:
    """What a config of one file means, and its digest, depends on no other."""
    assert read().digest == parse(MAIN.encode(), PATH).digest
    assert read("").digest != read().digest


def test_aliases_of_all_files_are_bounded_together() -> None:
    """Each of these is small, and each repeats a list a thousand times."""
    bomb = f"jobs: {{a: &a [{'x, ' * 1000}], b: [{'*a, ' * 400}]}}"
    errors = refused(*[bomb] * 5, main="jobs:\n")
    assert (errors[0].file, errors[0].message) == (
        "config.d/3.yaml",
        "with this file, the config holds more than 1,000,000 values here: this cannot be a config",
    )


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
@settings(max_examples=examples(25))
def test_a_config_means_the_same_in_however_many_files(places: list[int]) -> None:
    """Each job stands in some file; what it is depends on none of that, and it comes in the order of the files."""
    texts = {place: ["jobs:"] for place in range(4)}
    for number, place in enumerate(places):
        texts[place].append(f"  j{number}: {{command: [x, '{number}'], every: {number + 1}h}}")
    whole = ["defaults: {timezone: Europe/Paris, tags: [all]}", *chain(*texts.values())]
    one = read(main="\n".join(line for at, line in enumerate(whole) if line != "jobs:" or at == 1))
    several = read(*["\n".join(texts[at]) for at in (1, 2, 3)], main="\n".join([whole[0], *texts[0]]))
    assert list(several.definitions.items()) == list(one.definitions.items())
    assert [int(job.file[9:10] or 0) for job in several.jobs.values()] == sorted(places)
