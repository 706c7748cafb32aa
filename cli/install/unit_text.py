"""A unit file as text: sections of settings, and why each of them is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

Setting = tuple[str, str]
"""Name and value, the value as the file has it; a name of `#` makes the value a comment."""


class Unit(NamedTuple):
    """One service unit.

    Attributes:
        name: without `.service`; of: the folder that it serves, as the file names it.
        unit, service, install: the settings of each section.
    """

    name: str
    of: str
    unit: Sequence[Setting]
    service: Sequence[Setting]
    install: Sequence[Setting]

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return f"{self.name}.service"

    def text(self) -> str:
        """The file without what marks it as ours."""
        sections = (("Unit", self.unit), ("Service", self.service), ("Install", self.install))
        return "\n".join(_section(name, settings) for name, settings in sections)


def remark(*lines: str) -> list[Setting]:
    """A comment of several lines."""
    return [("#", each) for each in lines]


def _section(name: str, settings: Iterable[Setting]) -> str:
    lines = [f"# {value}" if key == "#" else f"{key}={value}" for key, value in settings]
    return "\n".join([f"[{name}]", *lines, ""])
