"""An anchor that is sent each checkpoint by HTTP: any 2xx says that it is kept."""

from __future__ import annotations

from scheduler.evidence.anchors.exchange import authorization, check, post
from scheduler.evidence.anchors.parcel import Parcel, Taken, receipt_of
from scheduler.evidence.anchors.settings import AnchorSettings

_TYPE = "text/plain; charset=utf-8"


def deliver(anchor: AnchorSettings, parcel: Parcel) -> Taken:
    """Send the signed note; what is answered, if it is a short text, is the receipt.

    Raises:
        AnchorFailed: it was not taken.
    """
    headers = {"Content-Type": _TYPE, **authorization(anchor, parcel.root)}
    return Taken(receipt_of(check(post(anchor.target, parcel.note.raw, headers)).body))
