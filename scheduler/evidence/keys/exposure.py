"""Whether those who could want to forge can use the key: a look at the file, which imports nothing of what signs."""

from __future__ import annotations

import os
from typing import Literal

from eventstore.regular_file import is_open_to_others
from scheduler.evidence.keys.key_place import KeyPlace

Exposure = Literal["command", "missing", "others", "jobs"]
"""Who can use a key.

- `command`: nobody can be told from here: a command signs;
- `missing`: there is no file, or none that this process sees;
- `others`: users that neither own the home nor are root, by the permissions of the file;
- `jobs`: the user of the scheduler, and so every job that does not run as another user.
"""


def exposure(place: KeyPlace) -> Exposure:
    """Who can use the key."""
    if place.file is None:
        return "command"
    try:
        found = os.lstat(place.file)
    except OSError:
        return "missing"
    return "others" if is_open_to_others(found) else "jobs"
