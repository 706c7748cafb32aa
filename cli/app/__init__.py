"""What the program is around its commands: options, exit codes, failures in words, waiting for the ledger."""
