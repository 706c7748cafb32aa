"""Several machines that share a ledger on a simulated database: their processes, what befalls them, and the laws.

`simulation`   processes that take turns on one timeline: stopped, continued and killed wherever they wait
"""
