"""A home whose ledger is in a database.

`origin`      which database a home's mirror is of; read without YAML and without a driver
`connection`  the way to that database; only here is its driver loaded
`agreement`   whether the config and the home mean the same one
`move`        taking a home's ledger there; `owned_database` is the role that may
"""
