"""What a form sends, bounded and decoded strictly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_BYTES_MAX: Final = 64 * 1024
_FIELDS_MAX: Final = 100
_PATIENCE_S: Final = 20


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form by name; of a name that comes twice, the last.

    Raises:
        HTTPException: it is no form, too long, or not UTF-8.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "this takes a form, urlencoded")
    raw = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            async for chunk in request.stream():
                raw += chunk
                if len(raw) > _BYTES_MAX:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form is too long")
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the form broke off") from None
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the form came too slowly") from None
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw), errors="strict",
            max_num_fields=_FIELDS_MAX,
        )  # fmt: skip
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the form cannot be read") from None
    return dict(pairs)
