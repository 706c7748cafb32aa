"""An address or a header that was applied, and that this machine does not have, is used for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.home import Home
from scheduler.notifications.channels.source import Source
from scheduler.notifications.transport import NotDelivered


def test_what_stands_for_an_address_is_no_address(tmp_path: Path) -> None:
    """It says that the machine lacks the address, and not that a host cannot be found."""
    source = Source(Home(tmp_path), {})
    with pytest.raises(NotDelivered, match="not in the config of this machine"):
        source.url("https://withheld.invalid/0123456789abcdef")
    assert source.url("https://p.example/in") == "https://p.example/in"


def test_what_stands_for_a_header_is_not_sent_as_its_value(tmp_path: Path) -> None:
    """A receiver would take the digest for a wrong key, and would learn what nobody means it to have."""
    source = Source(Home(tmp_path), {})
    with pytest.raises(NotDelivered, match="its header x-key is not in the config of this machine"):
        source.headers({"x-key": "withheld:0123456789abcdef"})
    assert source.headers({"x-key": "withheld: nothing"}) == {"x-key": "withheld: nothing"}
