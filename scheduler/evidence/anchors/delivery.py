"""All anchors at once, each in a thread of its own, and none is waited for longer than it may take."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from scheduler.evidence.anchors.parcel import ERROR_CHARS_MAX, AnchorFailed, Parcel, Taken
from scheduler.evidence.anchors.settings import AnchorSettings

PATIENCE_S: Final = 30.0
"""Longer than any kind takes by itself, but for a server that never ends its headers."""

_Answer = TypeVar("_Answer")


def deliver(anchor: AnchorSettings, parcel: Parcel) -> Taken:
    """Give a checkpoint to an anchor.

    Raises:
        AnchorFailed: it was not taken.
    """
    # Each kind is imported when it is used: most homes have one, and some need what is not installed everywhere.
    if anchor.kind == "file":
        from scheduler.evidence.anchors.file_anchor import deliver as by_file

        return by_file(anchor, parcel)
    if anchor.kind == "webhook":
        from scheduler.evidence.anchors.webhook import deliver as by_webhook

        return by_webhook(anchor, parcel)
    if anchor.kind == "command":
        from scheduler.evidence.anchors.command_anchor import deliver as by_command

        return by_command(anchor, parcel)
    if anchor.kind == "witness":
        from scheduler.evidence.anchors.witness_client import deliver as by_witness

        return by_witness(anchor, parcel)
    from scheduler.evidence.anchors.time_stamp import deliver as by_time_stamp

    return by_time_stamp(anchor, parcel)


def all_at_once(
    purpose: str, asked: Mapping[str, Callable[[], _Answer]], patience_s: float = PATIENCE_S
) -> dict[str, _Answer | AnchorFailed]:
    """Ask all of them, and wait until each has answered, failed, or taken too long.

    A thread that takes too long is left to itself, and ends with the process. While it is there, its anchor is not
    asked for the same once more: a mount that hangs for days gets one thread.

    Args:
        purpose: what they are asked for.
        asked: by the names of the anchors.
        patience_s: how long all of them may take.
    """
    answers: queue.SimpleQueue[tuple[str, _Answer | AnchorFailed]] = queue.SimpleQueue()
    found: dict[str, _Answer | AnchorFailed] = {}
    stuck = {thread.name for thread in threading.enumerate()}
    for name, ask in asked.items():
        thread_name = f"{purpose}: {name}"
        if thread_name in stuck:
            found[name] = AnchorFailed("it has not answered since it was asked before")
            continue
        threading.Thread(target=_ask, args=(name, ask, answers), name=thread_name, daemon=True).start()
    give_up_s = time.monotonic() + patience_s
    while len(found) < len(asked):
        try:
            name, answer = answers.get(timeout=max(0.0, give_up_s - time.monotonic()))
        except queue.Empty:
            break
        found[name] = answer
    late = AnchorFailed(f"it did not answer within {patience_s:g} s")
    return {name: found.get(name, late) for name in asked}


def _ask(
    name: str,
    ask: Callable[[], _Answer],
    answers: queue.SimpleQueue[tuple[str, _Answer | AnchorFailed]],
) -> None:
    try:
        answers.put((name, ask()))
    except AnchorFailed as failed:
        answers.put((name, AnchorFailed(str(failed)[:ERROR_CHARS_MAX])))
    except Exception as problem:  # noqa: BLE001 - whatever is wrong with one anchor, the others go on
        answers.put((name, AnchorFailed(f"it cannot be asked: {type(problem).__name__}")))
