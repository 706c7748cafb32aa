"""The keys of a config and their values: which exist, where each may stand, how it is read and shown.

`job_keys` has every key of a job, `table` puts them in order, and `key` says what there is to say of one. `values`
and `converters` read what is written, `block_values` what is a block of keys, `shown` shows it, `placement` tells
what stands where it does not belong, `names` says how jobs and variables may be called, and `starter` is the config
that teaches the keys.
"""
