"""HTTP with a stranger: bounded in bytes and in time, and no redirect is followed.

A server that never ends its headers is not bounded here but by `delivery`, which waits for nobody for longer.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from eventstore.regular_file import open_regular
from scheduler.evidence.anchors.parcel import AnchorFailed
from scheduler.evidence.anchors.settings import AnchorSettings
from scheduler.version import VERSION

CONNECT_S: Final = 5.0
TOTAL_S: Final = 20.0
ANSWER_BYTES_MAX: Final = 64 * 1024
_SECRET_BYTES_MAX: Final = 16 * 1024
_CHUNK_BYTES: Final = 16 * 1024


class Answer(NamedTuple):
    """What was answered."""

    status: int
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether the status says so."""
        return 200 <= self.status < 300


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send something and read the answer.

    Raises:
        AnchorFailed: there was no whole answer in time, or it is too long.
    """
    return _exchange("POST", url, body, headers)


def get(url: str, headers: dict[str, str]) -> Answer:
    """Ask for something.

    Raises:
        AnchorFailed: see `post`.
    """
    return _exchange("GET", url, None, headers)


def _exchange(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    give_up_s = time.monotonic() + TOTAL_S
    parts = urlsplit(url)
    sent = {"User-Agent": f"cronledger/{VERSION}", "Accept-Encoding": "identity", **headers}
    if "@" in parts.netloc:
        sent |= urllib3.make_headers(basic_auth=unquote(parts.netloc.rpartition("@")[0]))
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    timeout = urllib3.Timeout(connect=CONNECT_S, read=TOTAL_S)
    try:
        with (
            urllib3.PoolManager(num_pools=1, retries=False, timeout=timeout) as client,
            client.request(
                method, url, body=body, headers=sent, redirect=False, preload_content=False
            ) as response,
        ):
            answered = b""
            while chunk := response.read1(_CHUNK_BYTES, decode_content=False):
                answered += chunk
                if len(answered) > ANSWER_BYTES_MAX:
                    raise AnchorFailed(f"it answered more than {ANSWER_BYTES_MAX:,} bytes")
                if time.monotonic() > give_up_s:
                    raise AnchorFailed(f"its answer was not whole within {TOTAL_S:g} s")
            return Answer(response.status, answered)
    except HTTPError as problem:
        raise AnchorFailed(_reason(problem)) from None
    except (OSError, ValueError) as problem:
        raise AnchorFailed(f"it cannot be asked: {type(problem).__name__}") from None


def check(answer: Answer) -> Answer:
    """The answer, if its status is good.

    Raises:
        AnchorFailed: it is not.
    """
    if answer.is_good:
        return answer
    if 300 <= answer.status < 400:
        raise AnchorFailed(f"it answered {answer.status}: it is elsewhere, and no redirect is followed")
    raise AnchorFailed(f"it answered {answer.status}")


def authorization(anchor: AnchorSettings, root: Path) -> dict[str, str]:
    """The header that proves who we are, if the anchor wants one; read anew each time.

    Raises:
        AnchorFailed: its file cannot be read, or holds no header.
    """
    if anchor.authorization is None:
        return {}
    try:
        fd = open_regular(root / anchor.authorization, follow=True)
        with open(fd, "rb") as file:
            raw = file.read(_SECRET_BYTES_MAX + 1)
    except OSError as problem:
        raise AnchorFailed(f"its authorization cannot be read: {problem.strerror}") from None
    try:
        value = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        value = ""
    if not value or not value.isprintable() or len(raw) > _SECRET_BYTES_MAX:
        raise AnchorFailed("its authorization is no header: one line of ASCII")
    return {"Authorization": value}


_REASONS: Final[tuple[tuple[type[HTTPError], str], ...]] = (
    # The first that fits counts: a name that is not found is a kind of no connection, and that one of a time-out.
    (urllib3.exceptions.ReadTimeoutError, "it did not answer in time"),
    (urllib3.exceptions.SSLError, "its certificate is not trusted, or TLS failed"),
    (urllib3.exceptions.NameResolutionError, "its name cannot be resolved"),
    (urllib3.exceptions.NewConnectionError, "it cannot be reached: no connection"),
    (urllib3.exceptions.ConnectTimeoutError, "it cannot be reached: the connection was not answered in time"),
    (urllib3.exceptions.IncompleteRead, "its answer was cut off"),
    (urllib3.exceptions.ProtocolError, "the connection broke, or it does not speak HTTP"),
)


def _reason(problem: HTTPError) -> str:
    """What went wrong, in words that do not hold the URL."""
    return next((words for kind, words in _REASONS if isinstance(problem, kind)), type(problem).__name__)
