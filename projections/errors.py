"""What can go wrong with a question, as types that carry facts."""

from __future__ import annotations


class QueryError(Exception):
    """A query that was not answered."""


class QueryRefused(QueryError):
    """The query would do something else than read the views: nothing of it was executed.

    Attributes:
        why: what it would have done, in words.
    """

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class QueryFailed(QueryError):
    """The query reads, but cannot be answered: a mistake in it, too little memory for it, or it was stopped.

    Attributes:
        message: what the engine says, and below it the line of the query with a caret under the place, if known.
        hint: the view, column or function that was probably meant; empty where nothing is near.
        place: that line and caret alone: `LINE 1: SELECT jbo FROM runs` and a caret below; empty if not known.
    """

    def __init__(self, message: str, hint: str = "", place: str = "") -> None:
        self.message, self.hint, self.place = message, hint, place
        super().__init__(f"{message} ({hint})" if hint else message)


class QueryInterrupted(QueryFailed):
    """The query was stopped before it was answered, by a person or because its time was over."""


class MemoryExceeded(QueryFailed):
    """The query needs more memory than it may take; the hint is for the person who set the limit."""
