"""The scheduler: jobs, schedules, time, decisions and processes; it knows nothing of SQL or terminals.

The rules are pure functions over the folded state (`evolve`, `reconcile`, `catch_up`, `dispatch`); `loop` turns them
into one scheduler on whatever clock, store and spawner it is given; `serve` gives it the real ones.
"""
