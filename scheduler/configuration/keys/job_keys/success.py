"""What counts as success."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.job_settings import JOB_SETTINGS

KEYS: Final[dict[str, Key]] = {
    "success_codes": Key(
        setting=JOB_SETTINGS["success_codes"],
        read=converters.success_codes,
        takes="an exit code from 0 to 255, or a list of them",
        default="0",
        meaning="The exit codes with which a run succeeded; with any other it failed. A list without 0 makes 0 a "
        "failure.",
        example="success_codes: [0, 3]",
        comment="exit codes that count as success (0)",
        shared=True,
        synonyms=("exit_codes", "ok_codes"),
    ),
    "fail_on_output": Key(
        setting=JOB_SETTINGS["fail_on_output"],
        read=converters.texts_in_output,
        takes="a text, or a list of texts",
        default="none",
        meaning="A run whose output holds one of these failed, whatever its exit code is. They are texts and no "
        "patterns, upper and lower case count, and each stands in one line; at most 20 of at most 1,000 characters.",
        example='fail_on_output: ["ERROR:", "out of space"]',
        comment="texts; a run whose output holds one of them failed (none)",
        shared=True,
    ),
}
