"""The README is executed: its tour in one shell, word for word; its config is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler.configuration.load import parse
from tests.support.played_page import play

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.real
def test_the_tour_of_the_readme_is_true(tmp_path: Path) -> None:
    """Each command of the tour prints what the README says, but for times and numbers."""
    play(README, tmp_path)


@pytest.mark.long
@pytest.mark.real
def test_the_first_page_of_the_docs_is_true(tmp_path: Path) -> None:
    """So does each command that gets a stranger to a run that was caught up."""
    play((ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8"), tmp_path)


def test_the_config_of_the_readme_is_valid() -> None:
    """The config that the README shows is read without a mistake."""
    (block,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert set(parse(block.encode(), Path("config.yaml")).jobs) == {"backup", "log-cleanup"}


def test_every_link_of_the_readme_leads_somewhere() -> None:
    """No page that the README points at is missing."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
