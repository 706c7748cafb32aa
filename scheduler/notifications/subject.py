"""The subject of mail, as the config may have it: text with names of fields in braces."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Final

SUBJECT_FIELDS: Final = ("subject", "host", "channel", "job", "run", "kind", "outcome", "counts")
"""What may stand in braces. `subject` is what it would be otherwise; `job`, `run`, `kind` and `outcome` are of the
notice, and of several notices what they have in common, else nothing; `counts` is how many there are of each kind."""


def fields_of(template: str) -> Iterator[str]:
    """The names in braces; what stands in them as it is, where that is more than a name.

    Raises:
        ValueError: a brace is alone.
    """
    for _, name, form, conversion in Formatter().parse(template):
        if name is not None:
            yield f"{name}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}"
