"""Makes golden bundles: `python -m tests.cli.evidence.bundle.golden_maker FOLDER`.

They are made once for each form that bundles have, and must verify for ever: those who were given one keep it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from scheduler.definition import JobDefinition, Secret
from tests.support.bundles import SignedHome
from tests.support.time_stamper import TimeStamper


def make(folder: Path) -> None:
    """Make a bundle of a time and one of a job."""
    with tempfile.TemporaryDirectory() as temporary:
        home = SignedHome(Path(temporary) / "home")
        secret = Path(temporary) / "secret"
        secret.write_text("hunter2\n")
        home.define(
            "café",
            JobDefinition(
                name="café", command="true", schedule="0 2 * * *", secrets={"PW": Secret(file=str(secret))}
            ),
        )
        home.run()
        home.sign()
        home.wait(days=10)
        home.run("weekly", b"a week\n")
        home.run("café", b"it is hunter2\n")
        size = home.sign(cosigned=True)
        home.stamp(TimeStamper(Path(temporary) / "tsa"), size)
        home.wait(days=10)
        home.run()
        home.sign()
        folder.mkdir(parents=True)
        for name, options in (("time", ("--to", "2026-12-10")), ("job", ("--job", "café"))):
            path = folder / f"{name}.zip"
            answer = home.ask("--from", "2026-12-01", "--to", "2027-01-01", *options, "-o", str(path))
            assert answer.code == 0, answer
        shutil.copy(Path(temporary) / "tsa" / "ca.pem", folder / "authority.pem")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
