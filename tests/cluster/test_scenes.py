"""What docs/several-machines.md shows of failures is what people see."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.cluster.scenes import NODES, SCENES, played

PAGE = Path(__file__).resolve().parents[2] / "docs" / "several-machines.md"
_SHOWN = re.compile(r"^<!-- scene: ([a-z ]+) -->\n+```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
_LAST = r"(?:\d+[smh] ?)+ago"


def plain(lines: list[str]) -> list[str]:
    """Lines without what differs each time: who leads, when, how long ago, pids and numbers of entries.

    Of the nodes in a list the order differs too.
    """
    text = "\n".join(lines).replace(f" {socket.gethostname()}", " vm")
    for pattern, mark in ((_WHEN, "WHEN"), (_LAST, "AGO"), (r"\d+", "N"), (f"({'|'.join(NODES)})", "NODE")):
        text = re.sub(pattern, mark, text)
    return sorted(re.sub(" +", " ", line) for line in text.splitlines())


def test_the_page_shows_each_scene() -> None:
    """None is missing there, and none is shown that is not played."""
    assert [name for name, _ in _SHOWN.findall(PAGE.read_text(encoding="utf-8"))] == list(SCENES)


@pytest.mark.long
@pytest.mark.real
@pytest.mark.parametrize("name", SCENES)
def test_a_scene_looks_as_the_page_shows_it(name: str, hunt: bool) -> None:
    """The same commands print the same words."""
    if not hunt:
        pytest.skip("a hunt plays them: each takes three nodes through a failure, for half a minute")
    shown = dict(_SHOWN.findall(PAGE.read_text(encoding="utf-8")))[name]
    assert plain(played(name)) == plain(shown.splitlines())
