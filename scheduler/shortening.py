"""Texts of any length made to fit where length is bounded: an entry of the ledger is one line of so many bytes."""

from __future__ import annotations

import re
from typing import Final

_GAP = " … "
WORD_MAX_CHARS: Final = 200
MESSAGE_MAX_CHARS: Final = 1_000


def shortened(text: str, max_chars: int) -> str:
    """The text; one that is too long loses its middle: its beginning and its end tell most.

    >>> shortened("abcdefghij", 7)
    'ab … ij'
    """
    if len(text) <= max_chars:
        return text
    half = (max_chars - len(_GAP)) // 2
    return f"{text[:half]}{_GAP}{text[-half:]}"


def bounded_message(message: str, word_max_chars: int = WORD_MAX_CHARS) -> str:
    """A message that quotes what may be of any length: long words in it lose their middles, and so does the whole.

    >>> bounded_message("there is no alias '@weeeeekly' here", 11)
    "there is no alias '@we … ly' here"
    """
    if len(message) > word_max_chars:
        message = re.sub(
            rf"\S{{{word_max_chars + 1},}}", lambda word: shortened(word[0], word_max_chars), message
        )
    return shortened(message, max(MESSAGE_MAX_CHARS, 2 * word_max_chars))
