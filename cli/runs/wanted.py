"""What a person wants run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Wanted(NamedTuple):
    """Jobs to run, why, and with which values.

    Attributes:
        names: of the jobs, each once.
        reason: why, in the person's words.
        params: values for parameters of each of the jobs, as `NAME=VALUE`.
        dry_run: they are jobs in Python that change nothing then.
    """

    names: Sequence[str]
    reason: str = ""
    params: Sequence[str] = ()
    dry_run: bool = False
