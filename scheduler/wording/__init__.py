"""How the project words what is on record: one table for entries, one for each kind of fact. It knows no terminal.

- `entries` is the table: for each type of entry its tone, symbol and level, its sentence for people and its message
  in the logs. The rows stand in `run_entries`, `job_entries` and `home_entries`, by what an entry is about.
- `outcomes` and `causes` word single facts: how a run ended; why it was made, skipped or missed, and by whom.
- `definitions` words a job; `quantities`, `sizes` and `instants` word numbers and times.
- `signs` names tones, symbols and levels. The colour of a tone and the character of a symbol are not known here.

The returned texts may hold any character that stands in an entry: the caller must make them printable first.
"""
