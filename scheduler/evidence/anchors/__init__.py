"""Anchors: who else remembers a ledger's signed checkpoints.

    =================  ================================================================================
    `settings`         an anchor as the config names it
    `exchange`         HTTP with a stranger: bounded in bytes and in time, and no redirect is followed
    `parcel`           what an anchor is given, what it gives back, and how it fails
    `file_anchor`, `webhook`, `command_anchor`, `witness_client`, `time_stamp`   the kinds
    `delivery_state`   how far each anchor is, and when it is tried next: disposable
    `delivery`         all anchors at once, and none for longer than it may take
    `anchoring`        what is pending is delivered and recorded
    `carried`          a cosignature that came on a medium
    `remembered`       what anchors remember, read back
    =================  ================================================================================

An anchor that fails or hangs holds up nothing: checkpoints are signed all the same, and the newest one is delivered
later. It covers those before it.
"""
