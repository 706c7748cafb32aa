from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.certificates import Certificate, certificate


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder that stands for a home."""
    return Home(tmp_path)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A certificate for this machine, which is the only one that is trusted."""
    found = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.pem))
    return found
