"""What a scheduler tells the service manager that started it, as sd_notify(3) of systemd has it.

It tells that it serves, what it does, that it stops, and that its loop turns.

    activating: the ledger is opened, a database is waited for; each turn asks for more time
       |
       | READY=1: the lock is held, a config is in force, what was missed is settled
       v
    active: each second STATUS=, if it has changed; WATCHDOG=1 twice within the watchdog's time
       |
       | STOPPING=1
       v
    deactivating: runs are given their grace; each turn asks for more time

A loop that hangs feeds no watchdog, and is killed and started anew. Nobody has to listen: without `NOTIFY_SOCKET`, or
with one that leads nowhere, nothing is told, and nothing waits for that.
"""
