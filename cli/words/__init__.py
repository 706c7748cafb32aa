"""The words of `scheduler.wording` as lines and cells, and the sentences that only the command line has."""
