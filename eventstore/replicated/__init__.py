"""A ledger that several machines share: a database orders and keeps the entries, each machine keeps a mirror of them.

`database`      what is asked of the database: a head that moves where it equals what was expected, lines, a clock
"""
