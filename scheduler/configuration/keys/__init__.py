"""The keys of a config and their values: which exist, where each may stand, how it is read.

`table` has every key; `values` and `converters` are the readers that it names, `names` says how jobs and
variables may be called, and `starter` is the config that teaches the keys.
"""
