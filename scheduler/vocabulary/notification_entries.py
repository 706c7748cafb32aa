"""The types of entries about what people were told.

`about` has the `seq` of each entry that was told of; of more than 50 there are `first`, `last` and `count` alone:
they are all that the channel is told of between the two. A try is no entry, the end of all tries is one.
"""

from typing import ClassVar

from scheduler.vocabulary.payload import Payload


class NotificationSent(Payload, frozen=True):
    """A channel took the message of id `message`, which told of these entries, at the try number `tries`.

    `kinds` says how many of each kind of news there were. `repeated`: an earlier try may have arrived too.
    """

    TYPE: ClassVar[str] = "notification.sent"
    channel: str
    message: str
    kinds: dict[str, int]
    first: int
    last: int
    count: int
    about: list[int] = []
    tries: int = 1
    repeated: bool = False


class NotificationFailed(Payload, frozen=True):
    """A channel did not take a message, and no further try is made, for what `error` says.

    The other members are those of `notification.sent`. Without a `message`, none was made of the news yet.
    """

    TYPE: ClassVar[str] = "notification.failed"
    channel: str
    kinds: dict[str, int]
    first: int
    last: int
    count: int
    error: str
    message: str = ""
    about: list[int] = []
    tries: int = 0
