"""A ledger in PostgreSQL, 14 or later: the `Database` of a replicated store, by psycopg 3.

`address`     a URL, read: which hosts, which database, as whom; never a password
`refusal`     why the database cannot be used, as facts
`resolver`    the addresses of a host name, by a deadline
`session`     one connection: statements that end by a deadline, and what is certain when they fail
`opening`     how a connection begins: only a primary that can be written to, and settings of its own
`values`      PostgreSQL's binary forms of the few types that are used
`statements`  the statements of a node
`schema`      the tables, their versions, and what each role may
`genesis`     entry 0 of a ledger that begins there, and the SQL for it
`creation`    making the tables, upgrading them, filling them from elsewhere
`hints`       one descriptor that shows that entries may have come
`database`    `PostgresqlDatabase`

`address`, `refusal`, `schema` and `genesis` do not load psycopg.
"""
