"""How the project tells what is on record: one table for entries, one for each kind of fact. It knows no terminal.

- `entries` is the table: for each type of entry its tone, symbol and level, its sentence for people and its message
  in the logs. The rows stand in `run_entries`, `job_entries` and `home_entries`, by what an entry is about.
- `outcomes` and `causes` word single facts: how a run ended; why it was made, skipped or missed, and who did it.
- `definitions` words a job; `quantities` and `instants` word numbers and times.
- `signs` names tones, symbols and levels. Which colour a tone has, and which character a symbol, is not known here.

What is returned may hold whatever stands in an entry: whoever prints it makes it printable first.
"""
