"""A ledger that several machines share: a database orders and keeps the entries, each machine keeps a mirror of them.

`database`          what is asked of the database: a head that moves where it equals what was expected, lines, a clock
`mirror`            the committed entries as files of a ledger; `quarantine` sets aside what is damaged of them
`comparison`        whether a mirror and its database are the same, byte for byte; `refill` puts back what is lost
`halting`           stopping everybody, and the words that say why, where the database lacks or contradicts something
`replicated_store`  the store: what is done in doubt, and when the database lacks or contradicts what was committed
"""
