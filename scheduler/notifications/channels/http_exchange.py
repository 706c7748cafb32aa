"""HTTP with a receiver: in time whatever it does, its certificate verified, and no redirect is followed.

Only the status of an answer counts: what comes behind its headers is not read, and what is missing of them does not
matter.
"""

from __future__ import annotations

import base64
import http.client
import re
import ssl
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from scheduler.notifications.channels import tls
from scheduler.notifications.channels.deadline import Deadline
from scheduler.notifications.transport import REFUSED_S, NotDelivered
from scheduler.version import VERSION

WAIT_S_MAX: Final = 3_600.0
"""A receiver is left alone for no longer, whatever it asks for."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    patience_s: float,
    permanent: Collection[int] = (),
) -> None:
    """Send something; any 2xx says that it has arrived.

    Args:
        url: an address of HTTP; a name and password in it are sent as `Authorization`.
        body: what is sent.
        headers: beside those that every request has.
        patience_s: how long all of it may take.
        permanent: answers after which another try would end the same way.

    Raises:
        NotDelivered: no answer came in time, or another one. The receiver is left alone for as long as it asks for,
            or for a while if it refuses.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_tls = parts.scheme == "https"
    default_port = 443 if is_tls else 80
    port = parts.port or default_port
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {
        "User-Agent": f"cronledger/{VERSION}",
        "Connection": "close",
        **_authorization(parts.netloc),
        **headers,
    }
    began = False
    with Deadline(patience_s) as deadline:
        try:
            line = deadline.connect(host, port)
            connection = http.client.HTTPConnection(host, port)
            connection.default_port = default_port
            try:
                connection.sock = line
                if is_tls:
                    connection.sock = tls.wrapped(line, host)
                began = True
                connection.request("POST", target, body, sent)
                with connection.getresponse() as response:
                    status, wait_s = response.status, _wait_s(response)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise NotDelivered(_reason(problem, deadline, began=began), uncertain=began) from None
    if not 200 <= status < 300:
        raise NotDelivered(_refusal(status), permanent=status in permanent, wait_s=wait_s)


def _refusal(status: int) -> str:
    """What an answer other than 2xx says, for people."""
    if 300 <= status < 400:
        return f"it answered {status}: it is elsewhere, and no redirect is followed"
    try:
        return f"it answered {status}, {HTTPStatus(status).phrase}"
    except ValueError:
        return f"it answered {status}"


def _wait_s(response: http.client.HTTPResponse) -> float:
    asked = response.getheader("Retry-After", "").strip()
    if re.fullmatch("[0-9]{1,9}", asked):
        return min(float(asked), WAIT_S_MAX)
    return REFUSED_S if 300 <= response.status < 500 else 0.0


def _authorization(netloc: str) -> dict[str, str]:
    if "@" not in netloc:
        return {}
    credentials = unquote(netloc.rpartition("@")[0]).encode()
    return {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}


def _reason(problem: Exception, deadline: Deadline, *, began: bool) -> str:
    if deadline.is_over or isinstance(problem, TimeoutError):
        return f"it did not answer within {deadline.patience_s:g} s"
    if isinstance(problem, ConnectionError | ssl.SSLError) and began:
        return "it closed the connection without an answer"
    if isinstance(problem, OSError):
        return tls.words(problem)
    return "what it answered is no HTTP" if began else "its address cannot be used"
