"""Commands of group `database`: the database that a ledger on several machines is in."""
