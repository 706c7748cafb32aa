"""The pages of runs: all of them by key, one with its entries, and what it printed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from cli.runs import search
from scheduler.home import Home
from tests.support.console import Page, console
from tests.support.home import LiveHome, job, sh
from tests.support.random_runs import fill

SECRET = "hunter2-of-the-database"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with some hundred runs."""
    live = LiveHome(tmp_path_factory.mktemp("home"))
    fill(live, 160, seed=5)
    return live


def listed(client: object, address: str) -> list[int]:
    """The runs that a page and those after it list."""
    found: list[int] = []
    while address:
        page = Page(client.get(address).text)  # type: ignore[attr-defined]
        found += [int(link.rpartition("/")[2]) for link, _ in page.links if re.fullmatch(r"/runs/\d+", link)]
        older = [link for link, text in page.links if text == "Older ones"]
        address = older[0] if older else ""
    return found


@pytest.mark.parametrize("near", [5_000, 20])
@pytest.mark.parametrize(
    "query", ["", "status=failed", "job=beta", "trigger=manual&job=alpha", "status=skipped"]
)
def test_runs_are_those_of_the_command(
    home: LiveHome, query: str, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By keys, page after page, they are the runs of `jobs history`, near the end of the ledger and far from it."""
    monkeypatch.setattr(search, "NEAR_ENTRIES", near)
    options = [f"--{part.replace('=', ' ')}".split() for part in query.split("&") if part]
    told = home.ask("jobs", "history", "--json", "-n", "1000", *[word for each in options for word in each])
    with console(Home(home.root)) as client:
        assert listed(client, f"/runs?{query}") == [row["run"] for row in told.document]


def test_a_run_that_is_none(home: LiveHome) -> None:
    """The page says what the number is; words that no status is are refused."""
    with console(Home(home.root)) as client:
        missing = client.get("/runs/999999")
        assert (missing.status_code, "there is no run 999999" in missing.text) == (404, True)
        assert client.get("/runs/3/output/1/stdout").status_code == 404
        assert client.get("/runs?status=fialed").status_code == 400


def test_a_run_with_its_entries_and_its_output(tmp_path: Path) -> None:
    """Everything that the command tells, each entry as a link; output is text, masked, with all of it to download."""
    live = LiveHome(tmp_path)
    script = (
        "i=0; while [ $i -lt 9000 ]; do echo line $i; i=$((i+1)); done;"
        "echo '<script>alert(1)</script>'; printf '\\033]0;x\\007'; echo $DB_PASSWORD; echo oops >&2; exit 3"
    )
    noisy = job("noisy", sh(script), env=f"{{DB_PASSWORD: {SECRET}}}")
    live.configure("jobs:\n" + noisy + job("brief", ["echo", "x"]))
    assert live.ask("jobs", "run", "brief").code == 0
    gone = live.entries("run.requested")[0].seq
    shutil.rmtree(Home(live.root).var / "logs" / "output")
    assert live.ask("jobs", "run", "noisy").code == 1
    run = live.entries("run.requested")[-1].seq
    with console(Home(live.root)) as client:
        source = client.get(f"/runs/{run}").text
        page = Page(source)
        whole = client.get(f"/runs/{run}/output/1/stdout")
        assert "not here any more" in client.get(f"/runs/{gone}/output/1/stdout").text
        assert "nothing was printed there" in client.get(f"/runs/{gone}/output/1/stderr").text
        past = Page(client.get(f"/as-of/{run}/runs/{run}").text)
    entries = [entry.seq for entry in live.entries() if entry.run == run]
    proofs = [int(text[1:]) for _, text in page.links if re.fullmatch(r"#\d+", text)]
    assert proofs[: len(entries)] == entries
    assert "failed with exit code 3" in page.text
    assert "<script>" not in source
    assert SECRET not in source
    assert ("line 8999" in page.text, "line 5 " in page.text, "\\x1b]0;x" in page.text) == (True, False, True)
    assert "oops" in page.text
    assert whole.text.startswith("line 0\n")
    assert (SECRET in whole.text, "***" in whole.text) == (False, True)
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert "waits to be started" in past.text


def test_output_as_it_comes_ends_with_its_attempt(tmp_path: Path) -> None:
    """From the offset that a browser has seen on, each byte once, as text; then the end."""
    live = LiveHome(tmp_path)
    live.configure("jobs:\n" + job("short", sh("echo one; echo '<b>two</b>'")))
    assert live.ask("jobs", "run", "short").code == 0
    run = live.entries("run.requested")[0].seq
    with console(Home(live.root)) as client:
        path = f"/runs/{run}/output/1/stdout/live"
        told = client.get(path)
        assert told.headers["content-type"].startswith("text/event-stream")
        assert 'data: {"text":"one\\n<b>two</b>\\n"}' in told.text
        assert told.text.rstrip().endswith('event: end\ndata: {"text":""}')
        rest = client.get(path, headers={"Last-Event-ID": "4"})
        assert '{"text":"<b>two</b>\\n"}' in rest.text
        assert '{"text":"<b>two</b>\\n"}' in client.get(f"{path}?from=6").text
        assert '{"text":"one' in client.get(f"{path}?from=99999").text
        assert client.get(f"/as-of/{run}{path}").status_code == 404


def test_no_offset_shows_a_part_of_a_secret(tmp_path: Path) -> None:
    """Wherever a browser says that it goes on, lines are whole, and what is masked stays masked."""
    live = LiveHome(tmp_path)
    script = "printf 'it is '; echo $DB_PASSWORD; printf 'caf\\303\\251 '; echo $DB_PASSWORD"
    live.configure("jobs:\n" + job("teller", sh(script), env=f"{{DB_PASSWORD: {SECRET}}}"))
    assert live.ask("jobs", "run", "teller").code == 0
    run = live.entries("run.requested")[0].seq
    with console(Home(live.root)) as client:
        for offset in range(70):
            told = client.get(f"/runs/{run}/output/1/stdout/live?from={offset}").text
            assert not any(SECRET[at : at + 6] in told for at in range(len(SECRET) - 6)), offset
            assert "\\\\xa9" not in told, offset


def test_output_is_withheld_once_a_secret_of_its_job_is_known_no_more(tmp_path: Path) -> None:
    """After the job left the config, neither page nor download nor live view shows it, and the command says so."""
    live = LiveHome(tmp_path)
    spoken = job("teller", sh("echo it is $DB_PASSWORD"), env=f"{{DB_PASSWORD: {SECRET}}}")
    live.configure("jobs:\n" + spoken + job("other", ["true"]))
    assert live.ask("jobs", "run", "teller").code == 0
    run = live.entries("run.requested")[0].seq
    addresses = [f"/runs/{run}", f"/runs/{run}/output/1/stdout", f"/runs/{run}/output/1/stdout/live"]
    with console(Home(live.root)) as client:
        assert "it is ***" in client.get(addresses[0]).text
        live.configure("jobs:\n" + job("other", ["true"]))
        assert live.ask("jobs", "run", "other").code == 0
        assert live.entries("job.removed")
        told = {address: client.get(address) for address in addresses}
    assert [answer.status_code for answer in told.values()] == [200, 404, 404]
    for answer in told.values():
        assert "its variable DB_PASSWORD is in the config no more" in answer.text
        assert SECRET not in answer.text
    assert "its variable DB_PASSWORD is in the config no more" in live.ask("logs", "show", str(run)).err
