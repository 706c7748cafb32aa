"""What acts: the scheduler's loop, the supervision of its runs, and runs without a scheduler.

    lock taken, config read, ledger open
       |
       | scheduler.started, and what brings the ledger in line with the config
       v
    catching up: orphans are adopted or lost, missed instants are settled
       |
       v          the ledger cannot be written: scheduler.paused
    serving ---------------------------------------------------------> paused: starts nothing,
       |   <---------------------------------------------------------  watches what runs
       |          it can be written again: scheduler.resumed              |
       |                                                                  |
       | SIGTERM, SIGINT                                  SIGTERM, SIGINT |
       v                                                                  |
    stopping: starts nothing, waits for the runs, stops them  <-----------+
       |                                          |
       | scheduler.stopped                        | the results cannot be recorded, or processes cannot be killed
       v                                          v
    ended                                     given up: the next scheduler takes over what runs

A scheduler that is killed records nothing; the next one finds that out and begins at the top. `service` is all this
on the real machine, `loop` one turn of it on any clock, store and spawner, made of what is decided (`decisions`) and
what is executed (`execution`); `local_executor` runs jobs while no
scheduler serves the home.
"""
