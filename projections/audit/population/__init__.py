"""The population: the instants that schedules implied, and which entry disposed of each.

- `accounts` is what is known of one job, `standing` how far it is accounted for;
- `walk` goes along the instants of a schedule;
- `counting` puts a job's instants into the `tally` of all of them.
"""
