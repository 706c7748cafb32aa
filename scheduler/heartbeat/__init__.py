"""A dead man's switch for the scheduler itself: a file that it touches while it is healthy, and pings while it does.

The loop touches, about every ten seconds, and waits for nobody. A process of its own asks for the address that the
config names, as long as it sees the file being touched: so whoever waits for the pings hears of a scheduler that is
gone, that hangs, or that cannot write its ledger, and of a machine that is.
"""
