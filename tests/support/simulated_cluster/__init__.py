"""Several machines that share a ledger on a simulated database: their processes, what befalls them, and the laws.

`simulation`   processes that take turns on one timeline: stopped, continued and killed wherever they wait
`machine`      clocks and the processes of runs, which outlive whoever started them
`network`      what calls to the database meet on their way
`node`         a machine with a home, and the process that serves there
`cluster`      nodes, their database, the person at the desk
`lives`        lives of a cluster, each from a seed
`laws`         what must hold of each
`writers`      lives of writers that only append, with their laws
`mirror_files` a mirror as it stands in its files
`story`        what happened, for whoever looks for the fault
"""
