"""A witness: it cosigns the checkpoints of other ledgers, and never one that does not extend the last.

    ============  =====================================================================================
    `folder`      what a witness keeps: its key, the logs that it knows, what it cosigned last
    `witness`     whether a checkpoint is cosigned, in one step with keeping it
    `application` the same over HTTP, as C2SP tlog-witness has it
    `server`      the program that listens
    ============  =====================================================================================

It has no home and knows no jobs: any log that speaks these protocols can be witnessed.
"""
