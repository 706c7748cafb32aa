"""A step of building the wheel: the manual pages, made of the commands, go along as `share/man/man1`."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface):
    """Makes the pages for each wheel that is given to others; an editable one has `cronledger man`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the pages where the wheel takes them from."""
        self._folder = Path(tempfile.mkdtemp(prefix="cronledger-man-"))
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from cli.main import cronledger
        from cli.manual.pages import write_pages

        for page in write_pages(cronledger, self._folder):
            build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove them."""
        shutil.rmtree(self._folder)
