"""The text of a config that holds imported jobs, with what is worth keeping of the source as comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import yaml

from scheduler.importing.conversion import Conversion, ImportedJob

_COMMENT_MAX_CHARS: Final = 1_000
_UNSEEN: Final = re.compile(
    r"[^\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class _Dumper(yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper):  # type: ignore[misc]
    """Writes text that holds a blank or a sign in double quotes, as the docs do."""

    def ignore_aliases(self, data: object) -> bool:
        """Each job stands for itself."""
        del data
        return True


_PLAIN: Final = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.@+:-]*(?<!:)(?: [A-Za-z0-9_/.@+=-]+)*")


def _text(dumper: yaml.Dumper, text: str) -> yaml.Node:
    read = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    plain = _PLAIN.fullmatch(text) is not None and read == "tag:yaml.org,2002:str"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


def _list(dumper: yaml.Dumper, items: list[object]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)


def config_text(found: Conversion, heading: Iterable[str]) -> str:
    """A config: the calendars and jobs of a conversion under comments.

    Args:
        found: what was imported.
        heading: lines that stand at the top.
    """
    parts = [_comments(heading, "")]
    if found.calendars:
        parts.append(_dumped({"calendars": found.calendars}))
    if not found.jobs:
        parts.append("jobs: {}\n")
        parts.append(_comments(found.comments, ""))
        return "".join(parts)
    parts.append("jobs:\n")
    parts.append("\n".join(_job(job) for job in found.jobs))
    if found.comments:
        parts += ["\n", _comments(found.comments, "  ")]
    return "".join(parts)


def _job(job: ImportedJob) -> str:
    body = _dumped({job.name: job.keys})
    above = _comments(job.comments, "  ")
    return (above + "\n" if above else "") + "".join(f"  {line}\n" for line in body.split("\n")[:-1])


def _dumped(value: object) -> str:
    written = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000, default_flow_style=False
    )
    assert isinstance(written, str), "without a stream and an encoding it is text"
    return written


def _comments(lines: Iterable[str], indent: str) -> str:
    return "".join(
        f"{indent}# {_UNSEEN.sub(chr(0xFFFD), line[:_COMMENT_MAX_CHARS])}".rstrip() + "\n" for line in lines
    )
