"""Figures of a home for monitoring: how much of what happened, and how things stand.

`totals` counts what is recorded, entry by entry; `kept_totals` keeps the counts in a file, so that nobody counts a
long history again; `figures` says by which names everything is told, in base units and whole: a job that never failed
has a zero there. What is told is numbers and names of jobs: no command line, no reason, no output.
"""
