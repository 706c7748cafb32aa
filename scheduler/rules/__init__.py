"""The pure rules: how entries fold into a state, and what must be recorded next.

No rule reads a file, a clock, a process or the environment, and no module that it imports does. The way of a run:

    schedule.ticked or run.requested
           |
           v                    run.skipped (overlap, queue_full, disabled, removed, cancelled, catch_up,
           |                    deadline, superseded)
         owed -------------------------------------------------------------------------> skipped
           |
           | run.started
           v                    run.finished (succeeded, failed, timed_out, cancelled, lost, unknown)
        running ------------------------------------------------------------------------> ended
       |  ^  |   ^
       |  |  +---+  run.adopted: its executor died, and another process watches it from now on
       |  |
       |  +--------------- run.started (the next attempt)
       v                  |
       run.finished       |
       (retry_at) ---> waiting -------------------------------------------------------> ended
                                run.finished (closes: cancelled, disabled, removed, too late)

`run.cancel_requested` does not change where a run stands: `run.skipped` or `run.finished` answers it. The state
holds all runs that are owed, running or waiting, and the newest finished and the newest skipped run of each job.

What becomes of an instant of a job's schedule. All instants up to the job's cursor are settled, and the cursor
never goes back:

    to come
       |
       | it passes
       +-- a scheduler sees it fall due -------------- schedule.ticked -------------> settled: a run is owed
       |
       +-- no scheduler sees it, and then one replays - schedule.misfired
       |      +-- the catch-up policy chooses it ------ schedule.ticked (catch_up) -> settled: a run is owed
       |      +-- the catch-up policy leaves it out ------------------------------> settled: no run
       |
       +-- its schedule ceases to be in force first --- schedule.misfired ----------> settled: no run
                                                       (replaced, disabled, removed)

A person may ask for runs of instants that are settled and have none (`backfill.requested`): each gets one more
`schedule.ticked` (backfill), which settles nothing.
"""
