"""How many pages are open to which something is sent as it comes: so many of a visitor, and of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException

_AGAIN_S: Final = "30"


class OpenViews:
    """Counts them; used in one event loop.

    Attributes:
        most: so many there may be; most_per_visitor: of one visitor.
        ended: the console ends, and there are to be no more.
    """

    def __init__(self, most: int, most_per_visitor: int) -> None:
        self.most, self.most_per_visitor = most, most_per_visitor
        self.ended = False
        self._views: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How many are open."""
        return self._views.total()

    def has_room(self, visitor: str) -> bool:
        """Whether a visitor may open one more."""
        return self._views[visitor] < self.most_per_visitor and self.total < self.most

    def check_room(self, visitor: str) -> None:
        """Refuse one more, and say when to try again.

        Raises:
            HTTPException: there are as many as there may be.
        """
        if not self.has_room(visitor):
            own = self._views[visitor] >= self.most_per_visitor
            said = "you have too many live pages open" if own else "too many live pages are open"
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, said, {"Retry-After": _AGAIN_S})

    @contextmanager
    def one(self, visitor: str) -> Iterator[None]:
        """One more of a visitor, for as long as the context lasts."""
        self._views[visitor] += 1
        try:
            yield
        finally:
            self._views[visitor] -= 1
            if not self._views[visitor]:
                del self._views[visitor]
