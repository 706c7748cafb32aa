"""The laws of several machines, held against what happened; they share nothing with the rules that are judged.

Each reads the committed lines as JSON, beside what was noted outside of the ledger: when and for whom each line was
committed, which processes there were, who was silent, stopped or cut off, what was acknowledged.

`history`     what happened, as it was noted
`instants`    every instant of every job is settled exactly once
`attempts`    an attempt is started at most once, where it was assigned, and ends once, as it really did
`capacity`    slots, locks and overlap by the record
`leaders`     one leads at a time, and another one soon when it is gone
`silence`     nobody is given up who was heard
"""
