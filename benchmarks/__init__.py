"""What cronledger is measured against, side by side on the same machine: one program for each comparison.

Each program alternates between cronledger and what it is compared with, takes the median of several rounds and
returns the lines of the table that `python -m benchmarks` prints at the end.
"""
