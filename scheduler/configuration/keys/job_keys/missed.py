"""What becomes of the instants that passed while nothing watched."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import values
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.job_settings import JOB_SETTINGS

KEYS: Final[dict[str, Key]] = {
    "catch_up": Key(
        setting=JOB_SETTINGS["catch_up"],
        read=values.one_of("one", "all", "none"),
        takes="one, all or none",
        default="one",
        meaning="What becomes of the times that passed while no scheduler was running: one run for all of them, one "
        "for each, or none.",
        example="catch_up: one",
        comment="what was missed while nothing watched: one run for all of it, all, or none (one)",
        shared=True,
        synonyms=("catchup", "misfire"),
    ),
    "catch_up_limit": Key(
        setting=JOB_SETTINGS["catch_up_limit"],
        read=values.whole_number(1, 100_000),
        takes="a whole number from 1 to 100000",
        default="100",
        meaning="With `catch_up: all`, at most so many runs.",
        example="catch_up_limit: 100",
        comment="with all: at most so many (100)",
        shared=True,
    ),
    "catch_up_window": Key(
        setting=JOB_SETTINGS["catch_up_window"],
        read=values.duration_ms_or_never,
        takes="a duration such as 90s, 15m, 36h or 7d, or never",
        default="never",
        meaning="Missed times that are older than this are not caught up.",
        example="catch_up_window: 7d",
        comment="forget what is older than this (never)",
        shared=True,
    ),
}
