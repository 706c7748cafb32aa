"""What a rule of the fold is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventstore.store import Entry
from scheduler.rules.state import State

Apply = dict[str, Callable[[State, Entry, Any], None]]
"""Each type of entry to what changes the state by one, given the state, the entry and its payload."""
