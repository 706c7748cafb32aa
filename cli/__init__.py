"""The command line: arguments, tables, wording and exit codes; no rule of the domain.

Data goes to stdout, diagnostics to stderr. Exit codes: 0 done; 1 the thing asked about failed; 2 usage or
configuration; 3 the ledger cannot be trusted or cannot be written. 130 after Ctrl-C, as shells have it.
"""
