"""Read what takes long of a config, so that it is kept: `python -I -m scheduler.configuration.reading HOME`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.configuration.home_config import load_config
from scheduler.home import Home

if __name__ == "__main__":
    # Whoever reads it next says what is wrong with it.
    with contextlib.suppress(ConfigInvalid, ConfigMissing, ConfigUnreadable):
        load_config(Home(Path(sys.argv[1])))
