"""What acts: the scheduler's loop, the supervision of its runs, and runs without a scheduler."""
