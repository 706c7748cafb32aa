"""Nodes: several machines that share a ledger on a database. Each executes runs, and one of them leads.

    joining: the name is claimed; a name that another home has is watched first
       |
       | node.joined
       v                   the leader is silent, has left, or there is none: leader.elected
    following ------------------------------------------------------------------> leading: decides, and executes too
       |   <-------------------------------------------------------------------      |
       |          another one leads: it is on record (leader.elected)                |
       |                                                                             |
       | the database is away: nothing new is started, results wait in the outbox    |
       | (from either; when it is back it goes on where it was)                      |
       v                                                                             v
    leaving: starts nothing, waits for its runs, stops them  <-----------------------+
       |
       | node.left
       v
    ended

`liveness`, `leadership`, `renewal` and `database_clock` are pure. `membership` is the row of a node in the database,
`node_loop` one turn of a node on any database, clock, store and spawner, and `node_service` that on a real machine.
A config comes into force by `applying` alone; `config_on_database` is how a node follows it, with the values that are
its own, and `unfit` says which jobs it cannot run.
"""
