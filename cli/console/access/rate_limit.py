"""How often somebody may ask: a bucket of tries for each, which fills again with time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.responses import PlainTextResponse, Response

_KEPT_MAX: Final = 10_000


class RateLimit:
    """A limit for each of many.

    Args:
        burst: so many at once.
        per_s: so many more in each second.
        now_s: the clock.
    """

    def __init__(self, burst: float, per_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._per_s, self._now_s = burst, per_s, now_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> float:
        """Count one more; 0 if it is allowed, else after how many seconds it would be."""
        now_s = self._now_s()
        left, seen_s = self._left.pop(who, (self._burst, now_s))
        left = min(self._burst, left + (now_s - seen_s) * self._per_s)
        wait_s = 0.0 if left >= 1 else (1 - left) / self._per_s
        self._left[who] = (left if wait_s else left - 1, now_s)
        if len(self._left) > _KEPT_MAX:
            self._left.popitem(last=False)
        return wait_s


def too_often(wait_s: float) -> Response:
    """What is answered to who has to wait."""
    said = f"this was asked for too often: again in {wait_s:.0f} s\n"
    return PlainTextResponse(said, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(max(1, round(wait_s)))})
