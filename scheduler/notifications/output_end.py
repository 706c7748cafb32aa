"""The end of what an attempt printed, as it may leave the machine: secrets masked, nothing that a terminal obeys."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, NamedTuple

from scheduler.home import Home
from scheduler.logs.collection.job_secrets import JobSecrets
from scheduler.logs.collection.secret_masking import KEY_ENDS, MASK, WITHHELD, Masker
from scheduler.logs.storage.raw_output import DamagedOutput, RawOutput

_WINDOW: Final = 16
"""So many times as much as is shown is read, so that what is masked is masked as a whole."""
_WINDOW_BYTES_MIN: Final = 8 * 1024
_COMPRESSED_BYTES_MAX: Final = 32 * 1024 * 1024
"""The end of a longer output that is compressed is not looked for: all before it would have to be read."""
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
_WITHIN_CHARACTERS: Final = bytes(range(0x80, 0xC0))
"""Bytes of UTF-8 with which no character begins."""
_STREAMS: Final = ("stdout", "stderr")


class Attempt(NamedTuple):
    """An attempt that ended.

    Attributes:
        job: its job; run, number: of it; started: when.
        written: how much it wrote to each stream, as far as that is on record; 0: nothing, or that is not known.
    """

    job: str
    run: int
    number: int
    started: datetime
    written: dict[str, int]


class OutputEnds:
    """Reads the ends of outputs of a home.

    Args:
        home: the home.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._secrets = JobSecrets(home)

    def config_changed(self) -> None:
        """Note that the config may have changed, which says what is secret."""
        self._secrets.changed()

    def end_of(self, attempt: Attempt, characters_max: int) -> str:
        """The last lines that it printed, of both streams if it used both; empty if there are none to be had."""
        masker = self._secrets.masker(attempt.job)
        longest = max((len(form) for form in masker.forms), default=0)
        size = max(_WINDOW * characters_max, _WINDOW_BYTES_MIN, _WINDOW * longest)
        ends = {}
        for stream in _STREAMS:
            if window := self._window(attempt, stream, size, masker):
                ends[stream] = window
        if ends and masker.withholds:
            return WITHHELD
        if not ends:
            return ""
        share = characters_max // len(ends)
        shown = {stream: _last_lines(_shown(text, masker), share) for stream, text in ends.items()}
        shown = {stream: text for stream, text in shown.items() if text}
        if len(shown) < len(_STREAMS):
            return "".join(shown.values())
        return "".join(f"[{stream}]\n{text}" for stream, text in shown.items())

    def _window(self, attempt: Attempt, stream: str, size: int, masker: Masker) -> str:
        """The end of a stream without halves of secrets, from the beginning of a line on where one begins in it."""
        path = self._home.output(attempt.run, attempt.number, attempt.started, stream)
        length = attempt.written[stream]
        try:
            output = RawOutput.open(path)
            if output is None:
                return ""
            try:
                if not length and not output.compressed:
                    length = output.path.stat().st_size
                begin = max(0, length - size)
                if output.compressed and begin > _COMPRESSED_BYTES_MAX:
                    return ""
                raw = output.read(begin, min(size, length))
            finally:
                output.close()
        except (OSError, DamagedOutput):
            return ""
        if begin:
            raw = _without_part_of_a_key(raw.partition(b"\n")[2] or raw.lstrip(_WITHIN_CHARACTERS))
        text = raw.decode("utf-8", "replace")
        return masker.without_half_a_secret(_without_end_of_a_secret(text, masker) if begin else text)


def _without_part_of_a_key(raw: bytes) -> bytes:
    """What was cut may begin within a private key."""
    end = KEY_ENDS.search(raw)
    if end is None or b"-----BEGIN " in raw[: end.start()]:
        return raw
    return MASK.encode() + b"\n" + raw[end.end() :].partition(b"\n")[2]


def _without_end_of_a_secret(text: str, masker: Masker) -> str:
    """What was cut may begin within a secret, and where much behind it is masked, its beginning is shown."""
    ends = (at for form in masker.forms for at in range(1, len(form)) if text.startswith(form[-at:]))
    longest = max(ends, default=0)
    return MASK + text[longest:] if longest else text


def _shown(text: str, masker: Masker) -> str:
    masked = masker.text(text)
    plain = _ESCAPES.sub("", masked).replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(char if char.isprintable() or char in "\n\t" else "?" for char in plain)
    # What stood between the characters of a secret may be gone now.
    return masked if plain == masked else masker.text(plain)


def _last_lines(text: str, characters_max: int) -> str:
    """The last lines that fit, each ending with LF; of one that is too long, its end."""
    lines: list[str] = []
    left = characters_max
    for line in reversed(text.rstrip().split("\n")):
        if len(line) + 1 > left:
            if not lines and left > 2:
                lines.append(f"…{line[2 - left :]}")
            break
        lines.append(line)
        left -= len(line) + 1
    return "".join(f"{line}\n" for line in reversed(lines)) if any(lines) else ""
