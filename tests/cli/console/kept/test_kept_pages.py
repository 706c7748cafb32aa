"""Pages that are kept: made once as long as nothing can have changed, and never when something has."""

from __future__ import annotations

import asyncio
import gzip
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.responses import HTMLResponse, Response

from cli.console.asked import Asked
from cli.console.kept import kept_pages
from cli.console.kept.kept_pages import KeptPages
from cli.console.visitor import Visitor

ANN = Visitor("ann", "user:ann@web1", frozenset({"view"}))
BOB = Visitor("bob", "user:bob@web1", frozenset({"admin"}))


class _Clock:
    """The wall clock, which stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    """The clock by which pages are kept."""
    found = _Clock()
    monkeypatch.setattr(kept_pages, "time", found)
    return found


def _asked(
    ledger: Path, visitor: Visitor = ANN, path: str = "/", query: str = "", encodings: str = ""
) -> Asked:
    url, headers = SimpleNamespace(path=path, query=query), {"accept-encoding": encodings}
    request = SimpleNamespace(url=url, headers=headers)
    site = SimpleNamespace(home=SimpleNamespace(ledger=ledger))
    return cast("Asked", SimpleNamespace(request=request, site=site, visitor=visitor, as_of=None, base=""))


class _Maker:
    """Makes a page that says how often one was made."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, _asked: Asked) -> Response:
        self.made += 1
        return HTMLResponse(f"page {self.made}")


def _ledger(root: Path) -> Path:
    (root / f"{0:020}.jsonl").write_bytes(b"one\n")
    return root


def test_a_page_is_served_again_until_something_can_have_changed(tmp_path: Path, clock: _Clock) -> None:
    """A new entry, a new segment and a new second each make a new page; nothing else does."""
    folder, pages, make = _ledger(tmp_path), KeptPages(), _Maker()

    def body(**kind: Any) -> bytes:
        return bytes(asyncio.run(pages.answer(_asked(folder, **kind), make)).body)

    assert body() == body() == b"page 1"
    with (folder / f"{0:020}.jsonl").open("ab") as segment:
        segment.write(b"two\n")
    assert body() == body() == b"page 2"
    (folder / f"{65536:020}.jsonl").write_bytes(b"three\n")
    assert body() == body() == b"page 3"
    clock.now_s += 1
    assert body() == body() == b"page 4"
    assert body(visitor=BOB) == b"page 5"
    assert body(query="q=1") == b"page 6"
    assert body() == b"page 4"


def test_who_waits_gets_what_began_after_the_entry_that_was_there(tmp_path: Path, clock: _Clock) -> None:
    """While a page is made, an entry comes and many ask: all of them get one page that began after it."""
    folder, pages, goes_on = _ledger(tmp_path), KeptPages(), threading.Event()
    made = []

    def make(_asked: Asked) -> Response:
        seen = (folder / f"{0:020}.jsonl").read_text()
        made.append(seen)
        if len(made) == 1:
            assert goes_on.wait(20)
        return HTMLResponse(seen)

    async def lives() -> list[bytes]:
        first = asyncio.create_task(pages.answer(_asked(folder), make))
        while not made:
            await asyncio.sleep(0)
        with (folder / f"{0:020}.jsonl").open("a") as segment:
            segment.write("two\n")
        others = [asyncio.create_task(pages.answer(_asked(folder), make)) for _ in range(50)]
        await asyncio.sleep(0)
        goes_on.set()
        return [bytes(answer.body) for answer in await asyncio.gather(first, *others)]

    assert asyncio.run(lives()) == [b"one\n"] + [b"one\ntwo\n"] * 50
    assert made == ["one\n", "one\ntwo\n"]


def test_what_fails_is_not_kept(tmp_path: Path, clock: _Clock) -> None:
    """Everybody who waits is told, and the next one who asks has it tried again; other codes than 200 likewise."""
    folder, pages = _ledger(tmp_path), KeptPages()
    tried = []

    def fail(_asked: Asked) -> Response:
        tried.append("")
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            asyncio.run(pages.answer(_asked(folder), fail))
    assert len(tried) == 2

    def refuse(_asked: Asked) -> Response:
        tried.append("")
        return HTMLResponse("gone", 404)

    for _ in range(2):
        assert asyncio.run(pages.answer(_asked(folder), refuse)).status_code == 404
    assert len(tried) == 4


def test_it_is_compressed_once_and_for_those_who_take_that(tmp_path: Path, clock: _Clock) -> None:
    """Both forms say the same, and that they differ by what a browser takes."""
    folder, pages = _ledger(tmp_path), KeptPages()

    def make(_asked: Asked) -> Response:
        return HTMLResponse("a" * 5_000)

    plain = asyncio.run(pages.answer(_asked(folder), make))
    packed = asyncio.run(pages.answer(_asked(folder, encodings="br, gzip"), make))
    assert gzip.decompress(bytes(packed.body)) == bytes(plain.body)
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
